"""What a call's link was like is kept at its end, and makes the terminal's passport: by the hour, of four weeks."""

from datetime import datetime, timedelta

import pytest

from app.calls import passport, timetable
from app.calls.link import LinkHour, Measured, passport_of, start_rung
from app.calls.models import Call, LinkSample
from app.calls.words import CallState, Outcome, Side
from app.kernel.rungs import RungName
from app.storage.database import new_id
from app.villages import queries as villages
from tests.scene import NOW, Household, Scene, at

GOOD, BAD = (200, 10), (900, 10)


def measured(scene: Scene, whom: Household, starts_at: datetime, rtt_ms: int | None, loss_permille: int | None) -> None:
    """A call that was held, as it is kept."""
    with scene.database.begin() as session:
        session.add(
            Call(
                id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
                parent_id=whom.parent, child_id=whom.child, starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=Outcome.HELD, made_at=NOW,
                ended_at=starts_at + timedelta(minutes=15), link_rtt_ms=rtt_ms, link_loss_permille=loss_permille,
            )
        )  # fmt: skip


def of_terminal(scene: Scene) -> dict[int, LinkHour]:
    alice = scene.alice
    with scene.database.read() as session:
        found = passport.passports(session, villages.village(session, alice.village), scene.clock.now())
    assert set(found) <= {alice.terminal}
    return dict(found.get(alice.terminal, {}))


def end_with(scene: Scene, samples: list[tuple[Side, int | None, int | None]], *, is_live: bool = True) -> Call:
    call_id = scene.book(scene.alice, at(19))
    with scene.database.begin() as session:
        call = session.get_one(Call, call_id)
        call.live_at = at(19) if is_live else None
        for n, (side, rtt_ms, loss_permille) in enumerate(samples):
            session.add(
                LinkSample(
                    id=new_id(session), call_id=call_id, side=side, at=at(19, n), rtt_ms=rtt_ms,
                    loss_permille=loss_permille,
                )
            )  # fmt: skip
        timetable.end(session, call, Outcome.HELD, None, at(19, 15))
    return scene.call(call_id)


def test_a_call_keeps_the_means_of_its_village_side(scene: Scene) -> None:
    village = [(Side.VILLAGE, 100, 0), (Side.VILLAGE, 201, None), (Side.VILLAGE, None, 31)]
    call = end_with(scene, [*village, (Side.PARENT, 5000, 900)])
    assert (call.link_rtt_ms, call.link_loss_permille) == (150, 16)


@pytest.mark.parametrize("samples", [[], [(Side.PARENT, 100, 10)], [(Side.VILLAGE, None, None)]])
def test_what_was_not_measured_is_not_made_up(scene: Scene, samples: list[tuple[Side, int | None, int | None]]) -> None:
    call = end_with(scene, samples)
    assert (call.link_rtt_ms, call.link_loss_permille) == (None, None)
    assert of_terminal(scene) == {}


def test_the_passport_is_of_the_hours_of_the_village(scene: Scene) -> None:
    measured(scene, scene.alice, at(19, 45, day=20), 100, 10)
    measured(scene, scene.bob, at(19, day=21), 201, None)
    measured(scene, scene.alice, at(20, day=21), None, 40)
    assert of_terminal(scene) == {19: LinkHour(2, 150, 10), 20: LinkHour(1, None, 40)}


def test_it_rests_on_the_last_four_weeks_of_this_village(scene: Scene) -> None:
    measured(scene, scene.alice, NOW - timedelta(days=28, minutes=1), *BAD)
    measured(scene, scene.charlie, at(19, day=20), *BAD)
    measured(scene, scene.alice, NOW - timedelta(days=28), *GOOD)
    assert of_terminal(scene) == {18: LinkHour(1, *GOOD)}


@pytest.mark.parametrize(
    ("calls", "rtt_ms", "loss_permille", "is_good", "is_bad"),
    [
        (2, 350, 20, True, False),
        (2, 351, 0, False, False),
        (2, 0, 21, False, False),
        (2, 700, 80, False, False),
        (2, 701, 0, False, True),
        (2, 0, 81, False, True),
        (2, None, 10, True, False),
        (2, 800, None, False, True),
        (1, 100, 0, False, False),
        (1, 900, 200, False, False),
    ],
)
def test_when_an_hour_is_good_and_when_bad(
    calls: int, rtt_ms: int | None, loss_permille: int | None, is_good: bool, is_bad: bool
) -> None:
    hour = LinkHour(calls, rtt_ms, loss_permille)
    assert (hour.is_good, hour.is_bad) == (is_good, is_bad)


def test_hours_follow_the_wall_clock_when_it_is_set() -> None:
    """In New York 18:00 is 22:00 UTC in October, 23:00 UTC in November."""
    october, november = datetime.fromisoformat("2026-10-30T22:00Z"), datetime.fromisoformat("2026-11-02T23:00Z")
    assert passport_of([Measured(october, *GOOD), Measured(november, *GOOD)], "America/New_York") == {
        18: LinkHour(2, *GOOD)
    }


def test_an_hour_knows_what_rung_its_calls_had() -> None:
    def call(day: int, rung: RungName | None) -> Measured:
        return Measured(at(19, day=day), 100, 0, rung)

    calls = [call(12, RungName.VIDEO), call(15, RungName.VOICE), call(13, RungName.VIDEO), call(14, None)]
    assert passport_of(calls, "Asia/Shanghai") == {19: LinkHour(4, 100, 0, RungName.VIDEO, RungName.VOICE)}


VIDEO, THIN, MICRO, STILLS, VOICE, THIN_VOICE, CLIPS = RungName


def hour(calls: int, rung: RungName | None, latest: RungName | None = None) -> LinkHour:
    return LinkHour(calls, 200, 10, rung, latest or rung)


@pytest.mark.parametrize(
    ("passport", "begins"),
    [
        ({}, MICRO),
        ({19: hour(3, VIDEO)}, VIDEO),
        ({19: hour(3, VIDEO, STILLS)}, STILLS),
        ({19: hour(3, STILLS, VIDEO)}, STILLS),
        ({19: hour(1, VIDEO)}, MICRO),
        ({19: hour(1, VOICE)}, VOICE),
        ({19: hour(3, CLIPS)}, THIN_VOICE),
        ({18: hour(3, VIDEO), 20: hour(3, THIN)}, THIN),
        ({18: hour(3, VIDEO, VOICE)}, VOICE),
        ({20: hour(1, VIDEO)}, MICRO),
        ({17: hour(5, VIDEO), 21: hour(5, VIDEO)}, MICRO),
        ({19: hour(3, VIDEO), 20: hour(3, THIN_VOICE)}, VIDEO),
        ({19: LinkHour(3, 900, 10)}, STILLS),
        ({19: LinkHour(3, 100, 10)}, MICRO),
        ({18: LinkHour(3, 900, 10)}, STILLS),
        ({19: LinkHour(3, 900, 10), 18: hour(3, VIDEO)}, VIDEO),
    ],
)
def test_what_a_call_begins_with(passport: dict[int, LinkHour], begins: RungName) -> None:
    assert start_rung(passport, 19) is begins


def test_midnight_lies_beside_eleven() -> None:
    assert start_rung({0: hour(3, THIN)}, 23) is THIN
    assert start_rung({23: hour(3, THIN)}, 0) is THIN
