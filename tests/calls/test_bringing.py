"""Who usually brings the child to its calls is asked first: by what they said and did in the last two months."""

from datetime import timedelta

import pytest

from app.calls.bringing import turns
from app.calls.models import Call, Invitee, Seat
from app.calls.words import CallState, Outcome, SeatSide, Side
from app.families import schedule
from app.families import service as families
from app.families.schedule import Said
from app.families.words import MemberRole, Occupation, PatternKind
from app.storage.database import Database, new_id
from tests.scene import NOW, ZONE, Scene, at, set_scene


@pytest.fixture
def scene(database: Database) -> Scene:
    return set_scene(database)


@pytest.fixture
def uncle(scene: Scene) -> str:
    with scene.database.begin() as session:
        uncle = families.add_person(
            session, name="Uncle", zone=ZONE, language="en", phone="+8613800000019", confirmed_at=NOW
        )
        families.add_member(
            session, family_id=scene.alice.family, person_id=uncle.id, role=MemberRole.CAREGIVER, now=NOW
        )
        return uncle.id


def first(scene: Scene, uncle: str) -> str:
    call_id = scene.book(scene.alice, at(19, day=25))
    with scene.database.read() as session:
        asked = turns(session, session.get_one(Call, call_id))
    assert set(asked) == {scene.alice.caregiver, uncle}
    return asked[0]


def was(scene: Scene, days_ago: int, who: str, *, outcome: Outcome = Outcome.HELD, answered: bool = False) -> None:
    """A call that is over, to which somebody said that they come, or at which they answered by their own phone."""
    alice, starts_at = scene.alice, NOW - timedelta(days=days_ago)
    with scene.database.begin() as session:
        call = Call(
            id=new_id(session), village_id=alice.village, terminal_id=alice.terminal, family_id=alice.family,
            parent_id=alice.parent, child_id=alice.child, starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=outcome, made_at=starts_at,
        )  # fmt: skip
        session.add(call)
        session.flush()
        session.add(
            Invitee(
                call_id=call.id, person_id=who, side=Side.VILLAGE, confirmed_at=None if answered else starts_at
            )
        )  # fmt: skip
        if answered:
            session.add(
                Seat(
                    id=new_id(session), call_id=call.id, occupant=f"person:{who}", side=SeatSide.VILLAGE,
                    device_id="d", sid="s", page="p", taken_at=starts_at, leased_until=starts_at,
                )
            )  # fmt: skip


@pytest.mark.parametrize("answered", [True, False])
def test_who_came_more_often_is_asked_first(scene: Scene, uncle: str, answered: bool) -> None:
    usual = first(scene, uncle)
    other = next(who for who in (scene.alice.caregiver, uncle) if who != usual)
    was(scene, 7, other, answered=answered)
    assert first_again(scene, uncle) == other


def first_again(scene: Scene, uncle: str) -> str:
    with scene.database.read() as session:
        call = session.query(Call).where(Call.state == CallState.BOOKED).one()
        return turns(session, call)[0]


@pytest.mark.parametrize(("days_ago", "outcome"), [(61, Outcome.HELD), (7, Outcome.MISSED), (7, Outcome.CANCELLED)])
def test_what_was_long_ago_or_not_held_says_nothing(
    scene: Scene, uncle: str, days_ago: int, outcome: Outcome
) -> None:  # fmt: skip
    usual = first(scene, uncle)
    other = next(who for who in (scene.alice.caregiver, uncle) if who != usual)
    was(scene, days_ago, other, outcome=outcome)
    assert first_again(scene, uncle) == usual


def test_who_is_at_work_then_is_asked_later(scene: Scene, uncle: str) -> None:
    was(scene, 7, uncle)
    assert first(scene, uncle) == uncle
    shift = {"weekdays": list(range(7)), "from_minute": 18 * 60, "until_minute": 22 * 60}
    with scene.database.begin() as session:
        said = Said(PatternKind.WEEKLY, Occupation.SHIFT, shift)
        schedule.add(session, uncle, said, f"person:{uncle}", NOW)
    assert first_again(scene, uncle) == scene.alice.caregiver
