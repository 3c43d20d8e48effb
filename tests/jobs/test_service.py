from datetime import UTC, datetime, timedelta

import pytest

from app.jobs import rules, service
from app.jobs.service import Leased, LeaseLost
from app.jobs.words import DueState, Lane
from app.kernel.errors import NotFound
from app.kernel.events import CallEnded, from_payload
from app.storage.database import Database
from tests.jobs.stage import leased, put_step, row_of
from tests.scene import NOW, StepClock

SECOND = timedelta(seconds=1)
LEASE = timedelta(seconds=rules.LEASE_SECONDS)


def test_rows_are_leased_when_they_are_due_the_oldest_first(database: Database) -> None:
    late, early = put_step(database, NOW - SECOND), put_step(database, NOW - 2 * SECOND)
    put_step(database, NOW + SECOND)
    assert [row.id for row in leased(database, NOW)] == [early, late]
    assert leased(database, NOW) == []


def test_lanes_are_apart(database: Database) -> None:
    with database.begin() as session:
        errand = service.put(session, "send", NOW, NOW, lane=Lane.ERRAND, subject="call:1", payload={"to": "x"})
    assert leased(database, NOW) == []
    (row,) = leased(database, NOW, lane=Lane.ERRAND)
    assert row == Leased(errand, "send", Lane.ERRAND, "call:1", {"to": "x"}, NOW, lease=1, attempts=1)


def test_a_key_is_put_once_in_whatever_state_it_is(database: Database) -> None:
    first = put_step(database, NOW, key="k")
    assert put_step(database, NOW + SECOND, key="k") == first
    (row,) = leased(database, NOW)
    assert put_step(database, NOW, key="k") == first
    with database.begin() as session:
        service.done(session, row, NOW)
    assert put_step(database, NOW, key="k") == first
    assert row_of(database, first).state is DueState.DONE
    assert put_step(database, NOW) != put_step(database, NOW)


def test_put_again_moves_revives_and_cancels_one_row(database: Database) -> None:
    def again(due_at: datetime | None, turn: int) -> None:
        with database.begin() as session:
            service.put_again(session, "note", "k", due_at, NOW, payload={"turn": turn}, subject="call:1")

    again(None, 0)
    assert leased(database, NOW) == []
    again(NOW + SECOND, 1)
    again(NOW, 2)
    (row,) = leased(database, NOW)
    assert (row.payload, row.subject) == ({"turn": 2}, "call:1")
    with database.begin() as session:
        service.done(session, row, NOW)
    again(NOW, 3)
    (row,) = leased(database, NOW)
    assert row.attempts == 1
    again(None, 4)
    kept = row_of(database, row.id)
    assert (kept.state, kept.done_at, kept.leased_until) == (DueState.CANCELLED, NOW, None)
    again(NOW, 5)
    assert [row.payload for row in leased(database, NOW)] == [{"turn": 5}]


def test_a_step_that_puts_its_own_row_again_is_settled_by_that(database: Database) -> None:
    row_id = put_step(database, NOW, key="k")
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.put_again(session, "note", "k", NOW + SECOND, NOW)
        service.done(session, row, NOW)
    assert (row_of(database, row_id).state, row_of(database, row_id).due_at) == (DueState.WAITING, NOW + SECOND)


def test_putting_its_own_row_again_does_not_help_a_step_that_lost_its_lease(database: Database) -> None:
    put_step(database, NOW, key="k")
    (slow,) = leased(database, NOW)
    (quick,) = leased(database, NOW + LEASE, owner="other")
    with database.begin() as session:
        service.put_again(session, "note", "k", NOW + LEASE, NOW + LEASE)
        service.done(session, quick, NOW + LEASE)

    def settle_too_late() -> None:
        with database.begin() as session:
            service.put_again(session, "note", "k", NOW + 9 * LEASE, NOW + LEASE)
            service.done(session, slow, NOW + LEASE)

    with pytest.raises(LeaseLost):
        settle_too_late()
    assert row_of(database, slow.id).due_at == NOW + LEASE


def test_a_row_that_is_moved_while_it_is_worked_on_is_worked_again(database: Database) -> None:
    row_id = put_step(database, NOW, key="k")
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.put_again(session, "note", "k", NOW + SECOND, NOW)
    with pytest.raises(LeaseLost), database.begin() as session:
        service.done(session, row, NOW)
    assert [again.id for again in leased(database, NOW + SECOND)] == [row_id]


def test_a_key_is_put_again_after_a_step_did_so_in_another_transaction(database: Database) -> None:
    """What one transaction put again says nothing to the next one."""
    put_step(database, NOW, key="k")
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.put_again(session, "note", "k", NOW, NOW)
    with pytest.raises(LeaseLost), database.begin() as session:
        service.done(session, row, NOW)


def test_cancel_leaves_alone_what_is_worked_on_and_other_subjects(database: Database) -> None:
    with database.begin() as session:
        for kind, subject in (("a", "call:1"), ("b", "call:1"), ("a", "call:2")):
            service.put(session, kind, NOW, NOW, subject=subject)
        held = service.put(session, "a", NOW - SECOND, NOW, subject="call:1")
    (row,) = leased(database, NOW, limit=1)
    assert row.id == held
    with database.begin() as session:
        assert service.cancel(session, "call:1", "a") == 1
        assert service.cancel(session, "call:1") == 1
        assert service.cancel(session, "call:1") == 0
        service.done(session, row, NOW)
    assert [(row.kind, row.subject) for row in leased(database, NOW)] == [("a", "call:2")]


def test_a_lease_that_is_over_goes_to_another_and_is_worth_nothing_to_its_old_holder(database: Database) -> None:
    row_id = put_step(database, NOW)
    (old,) = leased(database, NOW)
    assert leased(database, NOW + LEASE - SECOND, owner="other") == []
    (new,) = leased(database, NOW + LEASE, owner="other")
    assert (new.id, new.lease, new.attempts) == (row_id, old.lease + 1, 2)
    with pytest.raises(LeaseLost), database.begin() as session:
        service.done(session, old, NOW + LEASE)
    with database.begin() as session:
        service.failed(session, old, "late", NOW + LEASE, 0)
        service.give_up(session, old, "late")
        service.later(session, old, NOW + LEASE)
        service.give_back(session, old)
        assert service.renew(session, [old, new], NOW + LEASE) == [old]
        service.done(session, new, NOW + LEASE)
    assert row_of(database, row_id).state is DueState.DONE


def test_a_renewed_lease_holds(database: Database) -> None:
    put_step(database, NOW)
    (row,) = leased(database, NOW)
    with database.begin() as session:
        assert service.renew(session, [row], NOW + LEASE - SECOND) == []
    assert leased(database, NOW + LEASE) == []
    with database.begin() as session:
        service.done(session, row, NOW + LEASE)


def test_rows_of_a_dead_worker_are_leased_one_by_one_and_before_others(database: Database) -> None:
    left = {put_step(database, NOW) for _ in range(3)}
    assert len(leased(database, NOW)) == 3
    fresh = put_step(database, NOW - SECOND)
    alone = [leased(database, NOW + LEASE) for _ in range(3)]
    assert {row.id for rows in alone for row in rows} == left
    assert [len(rows) for rows in alone] == [1, 1, 1]
    assert [row.id for row in leased(database, NOW + LEASE)] == [fresh]


def test_a_row_that_ends_its_workers_is_dead_at_last_and_its_neighbours_are_not(
    database: Database, clock: StepClock
) -> None:
    poison, *innocent = (put_step(database, NOW + n * SECOND) for n in range(4))
    clock.step(seconds=5)
    deaths = 0
    while rows := leased(database, clock.now()):
        if poison in {row.id for row in rows}:
            deaths += 1
        else:
            with database.begin() as session:
                for row in rows:
                    service.done(session, row, clock.now())
        clock.step(seconds=rules.LEASE_SECONDS)
    assert deaths == rules.MAX_ATTEMPTS
    with database.read() as session:
        (lying,) = service.dead(session)
    assert (lying.id, lying.last_error) == (poison, "its worker ended, hung or lost it 8 times")
    assert {row_of(database, row_id).state for row_id in innocent} == {DueState.DONE}
    assert max(row_of(database, row_id).attempts for row_id in innocent) == 2


def test_a_row_that_fails_is_tried_later_then_dead_then_revived(database: Database, clock: StepClock) -> None:
    row_id = put_step(database, NOW)
    for attempt in range(1, rules.MAX_ATTEMPTS + 1):
        (row,) = leased(database, clock.now())
        assert row.attempts == attempt
        with database.begin() as session:
            service.failed(session, row, "E" * 600, clock.now(), 0)
        assert leased(database, clock.now()) == []
        clock.step(hours=1)
    kept = row_of(database, row_id)
    assert (kept.state, kept.last_error, kept.leased_by) == (DueState.DEAD, "E" * 500, None)
    with database.begin() as session:
        service.revive(session, row_id, clock.now())
    (row,) = leased(database, clock.now())
    assert row.attempts == 1
    with database.begin() as session:
        service.done(session, row, clock.now())
    for wrong in (row_id, "nobody"):
        with pytest.raises(NotFound), database.begin() as session:
            service.revive(session, wrong, clock.now())


def test_what_is_given_back_is_due_as_before_and_not_counted(database: Database) -> None:
    row_id = put_step(database, NOW)
    for _ in range(rules.MAX_ATTEMPTS + 1):
        (row,) = leased(database, NOW)
        with database.begin() as session:
            service.give_back(session, row)
    kept = row_of(database, row_id)
    assert (kept.state, kept.due_at, kept.attempts) == (DueState.WAITING, NOW, 0)


def test_what_is_put_off_falls_due_then_and_is_not_counted(database: Database) -> None:
    put_step(database, NOW)
    (row,) = leased(database, NOW)
    with database.begin() as session:
        service.later(session, row, NOW + SECOND)
    assert leased(database, NOW) == []
    (row,) = leased(database, NOW + SECOND)
    assert row.attempts == 1


def test_an_owner_that_lost_its_memory_lets_go_of_what_is_not_in_its_hand(database: Database) -> None:
    forgotten, known = put_step(database, NOW - SECOND), put_step(database, NOW)
    leased(database, NOW, owner="me")
    others = put_step(database, NOW)
    leased(database, NOW, owner="other")
    with database.begin() as session:
        service.let_go(session, "me", [known], NOW)
    assert [row.id for row in leased(database, NOW)] == [forgotten]
    assert row_of(database, others).leased_by == "other"


def test_the_next_moment_is_that_of_a_waiting_row_or_of_a_lease_that_runs_out(database: Database) -> None:
    def next_due() -> datetime | None:
        with database.read() as session:
            return service.next_due(session, Lane.STEP)

    assert next_due() is None
    put_step(database, NOW + 90 * SECOND)
    assert next_due() == NOW + 90 * SECOND
    put_step(database, NOW)
    leased(database, NOW)
    assert next_due() == NOW + LEASE


def test_an_event_is_a_row_that_is_due_at_once(database: Database) -> None:
    event = CallEnded(NOW.replace(microsecond=7), "c1", "held")
    with database.begin() as session:
        service.emit(session, event, NOW)
    (row,) = leased(database, NOW)
    assert row.kind == "event:CallEnded"
    assert from_payload("CallEnded", row.payload) == event


def test_an_owner_of_any_name_fits(database: Database) -> None:
    put_step(database, NOW)
    (row,) = leased(database, datetime(2026, 11, 24, tzinfo=UTC), owner="h" * 200)
    assert row_of(database, row.id).leased_by == "h" * 64
