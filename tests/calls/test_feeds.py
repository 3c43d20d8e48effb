"""A person's feed on both databases: whose calls are in it, how they moved, and that one address opens it."""

from datetime import UTC, datetime, timedelta
from threading import Thread

from sqlalchemy import select

from app.calls import booking, feeds
from app.calls.calendar import Entry, Status
from app.calls.models import CalendarFeed, Call
from app.calls.words import CallState, Origin, Outcome
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.storage.database import Database
from tests.scene import NOW, Scene, at


def entries(scene: Scene, person_id: str) -> list[Entry]:
    with scene.database.read() as session:
        return feeds.entries(session, person_id, scene.clock.now())


def made(scene: Scene, person_id: str) -> str:
    with scene.database.begin() as session:
        return feeds.make(session, person_id, scene.clock.now())


def reader(scene: Scene, secret: str) -> str | None:
    with scene.database.begin() as session:
        found = feeds.read(session, secret, scene.clock.now())
        return found.person_id if found else None


def moved(scene: Scene, call_id: str, starts_at: datetime) -> str:
    with scene.database.begin() as session:
        return booking.move(session, call_id, starts_at, scene.alice.parent_acts, scene.clock.now()).id


def cancelled(scene: Scene, call_id: str) -> None:
    with scene.database.begin() as session:
        booking.cancel(session, call_id, scene.alice.parent_acts, "sick", None, scene.clock.now())


def changed(scene: Scene, call_id: str, **columns: object) -> None:
    with scene.database.begin() as session:
        call = session.get_one(Call, call_id)
        for name, value in columns.items():
            setattr(call, name, value)


def test_everybody_of_a_call_has_it_in_their_own_words(scene: Scene) -> None:
    alice = scene.alice
    call_id = scene.book(alice, at(19))
    scene.book(scene.bob, at(20))
    expected = {alice.parent: ["Child of Alice"], alice.child: ["Alice"], alice.caregiver: ["Child of Alice", "Alice"]}
    for person_id, names in expected.items():
        assert entries(scene, person_id) == [
            Entry(call_id, at(19), at(19, 15), Status.CONFIRMED, 0, NOW, names, "Redstone")
        ]


def test_no_more_of_a_name_leaves_the_house_than_is_needed(scene: Scene) -> None:
    with scene.database.begin() as session:
        session.get_one(Person, scene.alice.child).name = "杨小龙"
    scene.book(scene.alice, at(19))
    assert [entry.names for entry in entries(scene, scene.alice.parent)] == [["小龙"]]


def test_a_call_that_moved_twice_is_one_that_moved(scene: Scene) -> None:
    first = scene.book(scene.alice, at(19))
    scene.clock.step(minutes=1)
    second = moved(scene, first, at(20))
    scene.clock.step(minutes=1)
    third = moved(scene, second, at(21))
    (entry,) = entries(scene, scene.alice.parent)
    assert (entry.root_id, entry.starts_at, entry.moves, entry.sequence) == (first, at(21), 2, 2)
    assert entry.changed_at == scene.clock.now()
    cancelled(scene, third)
    (entry,) = entries(scene, scene.alice.parent)
    assert (entry.root_id, entry.sequence, entry.status) == (first, 3, Status.CANCELLED)


def test_a_cancelled_call_stays_for_sixty_days_from_then(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19, day=30))
    cancelled(scene, call_id)
    changed(scene, call_id, starts_at=NOW - timedelta(days=3), ends_at=NOW - timedelta(days=3))
    scene.clock.step(days=60)
    (entry,) = entries(scene, scene.alice.parent)
    assert (entry.status, entry.changed_at) == (Status.CANCELLED, NOW)
    scene.clock.step(seconds=1)
    assert entries(scene, scene.alice.parent) == []


def test_what_was_held_stays_as_long(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19))
    changed(scene, call_id, state=CallState.ENDED, outcome=Outcome.HELD, ended_at=at(19, 5))
    scene.clock.at = at(19, 15) + timedelta(days=60)
    assert [entry.status for entry in entries(scene, scene.alice.parent)] == [Status.CONFIRMED]
    scene.clock.step(seconds=1)
    assert entries(scene, scene.alice.parent) == []


def test_what_nobody_agreed_to_yet_is_tentative(scene: Scene) -> None:
    proposed = scene.book(scene.alice, at(21), scene.alice.terminal_acts, is_proposal=True)
    assert [entry.status for entry in entries(scene, scene.alice.parent)] == [Status.TENTATIVE]
    scene.clock.step(minutes=5)
    with scene.database.begin() as session:
        booking.confirm(session, proposed, scene.alice.parent_acts, scene.clock.now())
    (entry,) = entries(scene, scene.alice.parent)
    assert (entry.status, entry.changed_at) == (Status.CONFIRMED, scene.clock.now())


def test_a_call_of_the_roster_is_tentative_until_somebody_confirms(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19, day=24), scene.alice.desk_acts)
    changed(scene, call_id, origin=Origin.ROSTER, confirm_by=at(7, day=24))
    assert [entry.status for entry in entries(scene, scene.alice.parent)] == [Status.TENTATIVE]
    with scene.database.begin() as session:
        booking.confirm(session, call_id, scene.alice.parent_acts, scene.clock.now())
    for person_id in (scene.alice.parent, scene.alice.caregiver):
        assert [entry.status for entry in entries(scene, person_id)] == [Status.CONFIRMED]


def test_who_left_a_family_reads_nothing_of_it(scene: Scene) -> None:
    alice = scene.alice
    scene.book(alice, at(19))
    secret = made(scene, alice.caregiver)
    with scene.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=alice.caregiver, role=MemberRole.CAREGIVER, now=NOW
        )
    assert reader(scene, secret) == alice.caregiver
    assert entries(scene, alice.caregiver) == []
    assert len(entries(scene, alice.parent)) == 1


def test_one_address_opens_and_is_kept_as_a_hash_alone(scene: Scene) -> None:
    first, other = made(scene, scene.alice.parent), made(scene, scene.bob.parent)
    second = made(scene, scene.alice.parent)
    assert [reader(scene, secret) for secret in (first, second, other)] == [None, scene.alice.parent, scene.bob.parent]
    assert len({first, second, other}) == 3
    assert min(map(len, (first, second))) * 5 >= 128  # of 32 letters and digits, five bits each
    with scene.database.read() as session:
        kept = [str(row) for row in session.execute(select(*CalendarFeed.__table__.columns))]
    assert len(kept) == 3
    assert not [row for row in kept for secret in (first, second, other) if secret in row]


def test_a_revoked_address_opens_nothing(scene: Scene) -> None:
    secret, other = made(scene, scene.alice.parent), made(scene, scene.bob.parent)
    for _ in range(2):
        with scene.database.begin() as session:
            feeds.revoke(session, scene.alice.parent, NOW)
    assert (reader(scene, secret), reader(scene, other)) == (None, scene.bob.parent)
    with scene.database.read() as session:
        assert feeds.standing(session, scene.alice.parent) is None


def test_it_is_noted_when_a_feed_was_read_and_nothing_else_is(scene: Scene) -> None:
    secret = made(scene, scene.alice.parent)
    scene.clock.step(hours=1)
    reader(scene, secret)
    reader(scene, f"{secret}x")
    with scene.database.read() as session:
        feed = feeds.standing(session, scene.alice.parent)
    assert feed is not None
    assert (feed.made_at, feed.read_at) == (NOW, NOW + timedelta(hours=1))


def test_two_that_are_made_at_once_leave_one(database: Database, scene: Scene) -> None:
    secrets: list[str] = []
    racers = [Thread(target=lambda: secrets.append(made(scene, scene.alice.parent))) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    opening = [secret for secret in secrets if reader(scene, secret)]
    assert (len(secrets), len(opening)) == (6, 1)


def test_instants_stay_what_they_are_where_the_clocks_change(scene: Scene) -> None:
    call_id = scene.book(scene.alice, at(19))
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 comes twice in Berlin
    changed(scene, call_id, starts_at=autumn, ends_at=autumn + timedelta(hours=1))
    (entry,) = entries(scene, scene.alice.parent)
    assert (entry.starts_at, entry.ends_at) == (autumn, autumn + timedelta(hours=1))
