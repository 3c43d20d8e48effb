"""Every change tells all sides once, in each reader's own zone and language: who gets which one text, as a table.

Alice works in Dubai and reads Chinese; granny and uncle live in the village with the child and read English.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import agreement, booking, series
from app.calls.booking import Actor, Wish
from app.calls.models import Call
from app.calls.series import Change, SeriesWish
from app.calls.words import Origin, Side
from app.desk import service as desk
from app.desk import waiting
from app.families import queries as family_queries
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.jobs import service as jobs
from app.kernel.events import RosterPublished
from app.kernel.local_time import wall_of
from app.kernel.numbers import E164
from app.notices.ports import HandsetText
from app.notices.templates import REPLY
from app.roster.models import Assignment, Roster
from app.roster.words import Progress, RosterState
from app.storage.database import Database, new_id
from tests.flows.conftest import Evening, evening_on
from tests.scene import ZONE, at

START, OTHER = at(19, day=25), at(20, day=25)
DUBAI = "Asia/Dubai"


class Told:
    """Alice's family, what it does, and what its phones get."""

    def __init__(self, evening: Evening) -> None:
        self.evening, self.alice, self.now = evening, evening.scene.alice, evening.scene.clock.now()
        with evening.scene.database.begin() as session:
            parent = session.get_one(Person, self.alice.parent)
            parent.zone, parent.language = DUBAI, "zh-CN"
            uncle = families.add_person(
                session, name="Uncle", zone=ZONE, language="en", phone="+8613800000019", confirmed_at=self.now
            )  # fmt: skip
            families.add_member(
                session, family_id=self.alice.family, person_id=uncle.id, role=MemberRole.CAREGIVER, now=self.now
            )  # fmt: skip
            coordinator = desk.add_coordinator(session, self.alice.village, "Lee", "en", self.now)
        self.people = {"parent": self.alice.parent, "granny": self.alice.caregiver, "uncle": uncle.id}
        self.actors = {
            "parent": self.alice.parent_acts,
            "granny": Actor(f"person:{self.alice.caregiver}", Side.VILLAGE),
            "terminal": self.alice.terminal_acts,
            "desk": Actor(f"coordinator:{coordinator.id}", None),
            "time": waiting.NOBODY,
        }
        self.seen = 0

    def texts(self, who: str) -> list[HandsetText]:
        with self.evening.scene.database.read() as session:
            number = session.get_one(Person, self.people[who]).phone
        assert number is not None
        return list(self.evening.phones.texts(E164(number)))

    def does(self, act: Callable[[Session], object]) -> None:
        with self.evening.scene.database.begin() as session:
            act(session)

    def new_texts(self, act: Callable[[], object]) -> dict[str, list[HandsetText]]:
        """What came to each phone because of `act` alone."""
        self.evening.settle()
        before = {who: len(self.texts(who)) for who in self.people}
        act()
        self.evening.settle()
        return {who: self.texts(who)[before[who] :] for who in self.people}

    def book(self, by: str = "desk", *, asks: bool = False, **more: object) -> str:
        wish = Wish(
            self.alice.family, self.alice.child, self.alice.parent, START, is_proposal=asks, **more  # type: ignore[arg-type]
        )  # fmt: skip
        with self.evening.scene.database.begin() as session:
            return booking.book(session, wish, self.actors[by], self.now).id

    def weekly(self, by: str = "desk") -> str:
        wish = SeriesWish(
            self.alice.family, self.alice.child, self.alice.parent, date(2026, 11, 25), 19 * 60, "FREQ=WEEKLY"
        )  # fmt: skip
        with self.evening.scene.database.begin() as session:
            return series.book_series(session, wish, self.actors[by], self.now).id


@pytest.fixture
def told(sqlite_database: Database, tmp_path: Path) -> Told:
    return Told(evening_on(sqlite_database, tmp_path))


ASKED_BY: dict[str, Callable[[Told], str]] = {
    "asked by the terminal": lambda t: t.book("terminal", asks=True),
    "asked by the parent": lambda t: t.book("parent", asks=True),
    "booked": lambda t: t.book("desk"),
    "booked to be confirmed": lambda t: t.book("time", origin=Origin.ROSTER, confirm_by=at(12, day=25)),
    "offered": lambda t: t.book("time", asks=True, origin=Origin.WAIT, expires_at=t.now + timedelta(minutes=30)),
    "weekly": lambda t: t.weekly(),
}
CHANGES: dict[str, Callable[[Told, str, Actor], Callable[[Session], object]]] = {
    "confirm": lambda t, call, by: lambda s: booking.confirm(s, call, by, t.now),
    "counter": lambda t, call, by: lambda s: agreement.counter(s, call, OTHER, by, t.now),
    "decline": lambda t, call, by: lambda s: booking.decline(s, call, by, t.now),
    "move": lambda t, call, by: lambda s: booking.move(s, call, OTHER, by, t.now),
    "cancel": lambda t, call, by: lambda s: booking.cancel(s, call, by, "sick", None, t.now),
    "change": lambda t, one, by: lambda s: series.change_series(s, one, Change(starts_minute=20 * 60), by, t.now),
    "end": lambda t, one, by: lambda s: series.end_series(s, one, None, "other", by, t.now),
}
ALL = {"parent", "granny", "uncle"}
VILLAGE, NOT_GRANNY, PARENT = ALL - {"parent"}, ALL - {"granny"}, {"parent"}

TABLE = [
    # what there is,          who,        does what,  and who is told of it,  by which text
    ("asked by the terminal", "parent",   "confirm",  VILLAGE,     "booked"),
    ("asked by the terminal", "parent",   "counter",  VILLAGE,     "countered"),
    ("asked by the terminal", "parent",   "decline",  VILLAGE,     "cancelled"),
    ("asked by the terminal", "terminal", "move",     PARENT,      "countered"),
    ("asked by the terminal", "terminal", "cancel",   PARENT,      "cancelled"),
    ("asked by the terminal", "desk",     "move",     ALL,         "countered"),
    ("asked by the terminal", "desk",     "cancel",   ALL,         "cancelled"),
    ("asked by the parent",   "terminal", "confirm",  PARENT,      "booked"),
    ("asked by the parent",   "terminal", "counter",  PARENT,      "countered"),
    ("asked by the parent",   "terminal", "decline",  PARENT,      "cancelled"),
    ("asked by the parent",   "granny",   "confirm",  NOT_GRANNY,  "booked"),
    ("asked by the parent",   "granny",   "counter",  NOT_GRANNY,  "countered"),
    ("asked by the parent",   "granny",   "decline",  NOT_GRANNY,  "cancelled"),
    ("asked by the parent",   "parent",   "move",     VILLAGE,     "countered"),
    ("asked by the parent",   "parent",   "cancel",   VILLAGE,     "cancelled"),
    ("booked",                "parent",   "confirm",  VILLAGE,     "confirmed_by_other"),
    ("booked",                "granny",   "confirm",  NOT_GRANNY,  "confirmed_by_other"),
    ("booked",                "terminal", "confirm",  PARENT,      "confirmed_by_other"),
    ("booked",                "parent",   "decline",  VILLAGE,     "cancelled"),
    ("booked",                "parent",   "move",     VILLAGE,     "moved"),
    ("booked",                "granny",   "move",     NOT_GRANNY,  "moved"),
    ("booked",                "desk",     "move",     ALL,         "moved"),
    ("booked",                "parent",   "cancel",   VILLAGE,     "cancelled"),
    ("booked",                "granny",   "cancel",   NOT_GRANNY,  "cancelled"),
    ("booked",                "terminal", "cancel",   PARENT,      "cancelled"),
    ("booked",                "desk",     "cancel",   ALL,         "cancelled"),
    ("offered",               "parent",   "confirm",  VILLAGE,     "booked"),
    ("offered",               "terminal", "confirm",  PARENT,      "booked"),
    ("offered",               "parent",   "counter",  VILLAGE,     "countered"),
    ("offered",               "parent",   "decline",  VILLAGE,     "cancelled"),
    ("weekly",                "parent",   "change",   VILLAGE,     "series_changed"),
    ("weekly",                "desk",     "change",   ALL,         "series_changed"),
    ("weekly",                "granny",   "end",      NOT_GRANNY,  "series_ended"),
    ("weekly",                "desk",     "end",      ALL,         "series_ended"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "who", "does", "whom", "template"), TABLE)
def test_a_change_tells_all_others_once(
    told: Told, what: str, who: str, does: str, whom: set[str], template: str
) -> None:
    subject = ASKED_BY[what](told)
    texts = told.new_texts(lambda: told.does(CHANGES[does](told, subject, told.actors[who])))
    check(texts, whom, template, OTHER if does in ("counter", "move", "change") else START)


@pytest.mark.parametrize(
    ("what", "whom", "template"),
    [
        ("asked by the terminal", PARENT, "proposed"),
        ("asked by the parent", VILLAGE, "proposed"),
        ("booked", ALL, "booked"),
        ("booked to be confirmed", set(), "booked"),
        ("offered", ALL, "slot_offered"),
        ("weekly", ALL, "series_booked"),
    ],
)
def test_what_is_new_is_told_to_all_others_once(told: Told, what: str, whom: set[str], template: str) -> None:
    check(told.new_texts(lambda: ASKED_BY[what](told)), whom, template, START)


@pytest.mark.parametrize(
    ("what", "until", "whom", "template"),
    [
        ("asked by the parent", timedelta(hours=24), ALL, "proposal_expired"),
        ("offered", timedelta(minutes=30), set(), ""),
    ],
)
def test_what_time_ends_is_told_to_all(told: Told, what: str, until: timedelta, whom: set[str], template: str) -> None:
    ASKED_BY[what](told)
    check(told.new_texts(lambda: told.evening.until(told.now + until)), whom, template, START)


def test_what_nobody_confirmed_is_told_to_all_with_new_times(told: Told) -> None:
    ASKED_BY["booked to be confirmed"](told)
    told.evening.until(at(11, 59, day=25))
    check(told.new_texts(lambda: told.evening.until(at(12, day=25))), ALL, "released", at(13, 15, day=25))


def test_what_is_forbidden_is_told_to_all_without_a_reason(told: Told) -> None:
    told.book()

    def withdraw(session: Session) -> None:
        for consent in family_queries.consents_of_child(session, told.alice.child):
            families.revoke_consent(session, consent.id, told.now)

    check(told.new_texts(lambda: told.does(withdraw)), ALL, "cancelled_bare", START)


def test_the_reason_is_told_in_the_readers_words(told: Told) -> None:
    call_id = told.book("terminal", asks=True)
    texts = told.new_texts(lambda: told.does(lambda s: booking.decline(
        s, call_id, told.actors["granny"], told.now, "weather", None,
    )))  # fmt: skip
    assert "天气不好" in texts["parent"][0].text
    assert "the weather" in texts["uncle"][0].text


def test_one_day_of_a_series_is_told_as_that_day_alone(told: Told) -> None:
    series_id = told.weekly()
    with told.evening.scene.database.read() as session:
        first = session.scalars(select(Call).where(Call.series_id == series_id).order_by(Call.starts_at)).first()
    assert first is not None
    texts = told.new_texts(lambda: told.does(CHANGES["cancel"](told, first.id, told.actors["parent"])))
    check(texts, VILLAGE, "cancelled", START)


def check(texts: dict[str, list[HandsetText]], whom: set[str], template: str, starts_at: datetime) -> None:
    """One text each to whom it concerns, nothing to anybody else; its time is the reader's, and so are its words."""
    assert {who: [text.template.removesuffix(REPLY) for text in got] for who, got in texts.items()} == {
        who: [template] * (who in whom) for who in texts
    }
    for who in whom:
        said = texts[who][0].text
        assert any("\u4e00" <= letter <= "\u9fff" for letter in said) is (who == "parent")
        if template != "series_ended":
            assert f"{wall_of(starts_at, DUBAI if who == 'parent' else ZONE):%H:%M}" in said


def test_a_published_roster_tells_each_person_once(told: Told) -> None:
    """Alice has two calls of the week; one that stood before is told along, and alone it is no news."""
    later = timedelta(days=1)
    first = told.book("time", origin=Origin.ROSTER, confirm_by=at(12, day=25))
    wish = Wish(told.alice.family, told.alice.child, told.alice.parent, START + later)
    with told.evening.scene.database.begin() as session:
        second = booking.book(session, wish, told.actors["desk"], told.now).id
    check(told.new_texts(lambda: publish(told, [first, second], standing={second})), ALL, "rostered", START)
    assert all("、" in text.text or "," in text.text for text in told.texts("parent")[-1:])
    assert not any(told.new_texts(lambda: publish(told, [second], standing={second})).values())


def publish(told: Told, call_ids: list[str], standing: set[str]) -> None:
    alice = told.alice
    with told.evening.scene.database.begin() as session:
        roster = Roster(
            id=new_id(session), village_id=alice.village, week=date(2026, 11, 23), state=RosterState.PUBLISHED,
            progress=Progress.DONE, version=1, minutes=15, figures={}, history={}, made_by="coordinator:lee",
            made_at=told.now, changed_by="coordinator:lee", changed_at=told.now,
        )  # fmt: skip
        session.add(roster)
        session.flush()
        for place, call_id in enumerate(call_ids):
            session.add(
                Assignment(
                    id=new_id(session), roster_id=roster.id, family_id=alice.family, child_id=alice.child,
                    parent_id=alice.parent, place=place, minutes=15, reasons={}, call_id=call_id,
                    is_fixed=call_id in standing,
                )
            )  # fmt: skip
        jobs.emit(session, RosterPublished(told.now, roster.id, "coordinator:lee"), told.now)
