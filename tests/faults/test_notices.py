"""Twenty kills of workers and web while notices fall due and the vendor misbehaves; `tests.faults notices` does 200."""

from tests.faults import notices


def test_nothing_is_lost_and_nothing_knowingly_sent_twice() -> None:
    found = notices.run(kills=20, notices=400, restarts=1, steps=2, speed=20)
    assert found.lost == []
    assert found.knowingly_doubled == []
    assert (found.kills, found.restarts_of_the_database, found.steps_of_the_clock) == (20, 1, 2)
    assert found.taken_once > 100, "else it was no trial"
    assert found.doubts > 0, "else nothing was interrupted"
