"""New times beside a call that came to nothing."""

from datetime import datetime, timedelta

from app.calls import find_time
from app.calls.models import Call
from app.families import service as families
from app.families.words import MemberRole, Occupation
from tests.calls.finding import busy, find, heard_lately, starts, was
from tests.scene import NOW, Scene, at


def offered(scene: Scene, call_id: str | None = None) -> list[datetime]:
    """Beside a call of Alice's; far ahead, where it is in nobody's way."""
    lost = call_id or scene.book(scene.alice, at(8, day=22) + timedelta(days=40))
    with scene.database.read() as session:
        return [slot.starts_at for slot in find_time.offers(session, session.get_one(Call, lost), NOW)]


def test_the_best_of_a_week_in_their_order(scene: Scene) -> None:
    heard_lately(scene, scene.alice)
    for weeks in (1, 2):
        was(scene, scene.alice, at(20, day=28) - timedelta(weeks=weeks))
    assert offered(scene) == [at(20), at(20, day=24), at(20, day=28)]


def test_one_that_asks_something_where_none_fits(scene: Scene) -> None:
    busy(scene, scene.alice.parent, Occupation.SHIFT, 0, 0)
    assert offered(scene) == [at(19, 15)]


def test_none_that_is_shorter_than_what_is_booked_of_itself(scene: Scene) -> None:
    busy(scene, scene.alice.parent, Occupation.SHIFT, 0, 19 * 60 + 30)
    busy(scene, scene.alice.parent, Occupation.SHIFT, 19 * 60 + 40, 0)
    found = find(scene, scene.alice)
    assert (found.minutes, starts(found)[0]) == (10, at(19, 30))
    assert offered(scene) == [at(19, 15)]


def test_none_for_who_may_not_speak_or_left(scene: Scene) -> None:
    alice, bob = scene.alice, scene.bob
    hers, his = scene.book(alice, at(21)), scene.book(bob, at(20))
    assert offered(scene, hers)
    assert offered(scene, his)
    with scene.database.begin() as session:
        families.set_no_contact(session, child_id=alice.child, contact_id=alice.parent, reason="court", now=NOW)
        families.end_membership(session, family_id=bob.family, person_id=bob.parent, role=MemberRole.PARENT, now=NOW)
    assert (offered(scene, hers), offered(scene, his)) == ([], [])
