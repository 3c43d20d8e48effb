"""Who lives in the gallery's village: a family for each state that a screen can show.

What a family stands for is the name by which the table of screens asks for it. People are called as in the language of
the pictures.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.calls import booking, series
from app.calls.booking import Actor
from app.calls.models import Call
from app.calls.series import SeriesWish
from app.calls.words import CallState, Origin, Outcome
from app.demo.households import household_of
from app.demo.portraits import portrait
from app.demo.village import PLACES, SECOND_TERMINAL
from app.desk import service as desk
from app.desk.models import Coordinator
from app.doors.parent_request_models import Kinship, ParentRequest, RequestState
from app.families import schedule
from app.families import service as families
from app.families.models import Family, Person, PicturePin, Signature
from app.families.rules import free_emblems
from app.families.schedule import Said
from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
from app.messages.models import Message
from app.roster import waits
from app.sms.models import TextIn
from app.sms.words import Outcome as TextOutcome
from app.storage.database import Database, new_id
from app.storage.migrate import upgrade
from app.villages import service as villages
from app.villages.models import Terminal
from app.villages.models import Village as VillageRow
from app.web.models import PrincipalKind
from tests.browser.said import say
from tests.browser.village import Village, open_village
from tests.scene import NOW, ZONE, Household, at

STATES = (
    "booked", "calling", "empty", "asked", "asking", "freed", "refused", "wished", "busy", "unsure", "locked",
    "letters", "many", "by_itself",
)  # fmt: skip
ROLES = (MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD)
GUESTS = {"en": "Zhao Dayong", "zh-CN": "赵大勇"}
LETTERS = {
    "en": ("It got cold here. Put on warm clothes!", "I come home on Sunday the week after next. Be good."),
    "zh-CN": ("天冷了，多穿衣服，别着凉。", "下下个星期天我回家。要乖，好好吃饭。"),
}


@dataclass(frozen=True)
class Cast:
    village: Village
    homes: dict[str, Household]
    coordinator: str
    guest: str


@contextmanager
def settled(folder: Path) -> Iterator[Cast]:
    """The village, running, on the evening of a Monday."""
    url = f"sqlite:///{folder / 'homethread.db'}"
    database = Database(url)
    upgrade(database)
    database.close()
    village = open_village(folder, url, at(18))
    try:
        yield settle(village)
    finally:
        village.stop()


def settle(village: Village) -> Cast:
    """Give each state its family."""
    scene = village.scene
    scene.clock.at = village.now()
    homes = dict(zip(STATES, (scene.alice, scene.bob), strict=False))
    newcomers = zip(STATES[2:], free_emblems({"fox", "kite"}), strict=False)
    for number, (state, emblem) in enumerate(newcomers, 4):  # numbers up to 3 are somebody's
        homes[state] = scene.move_in(state, emblem, number)
    for number, home in enumerate(homes.values()):  # each by itself: the programs want to write, too
        with scene.database.begin() as session:
            _take_photos(session, number, home)
    with scene.database.begin() as session:
        villages.add_terminal(session, scene.alice.village, "School", NOW)
        lee = desk.add_coordinator(session, scene.alice.village, "Teacher Li", "en", village.now()).id
    _book(village, homes)
    with scene.database.begin() as session:
        _say_hours(session, village, homes)
    with scene.database.begin() as session:
        _write(session, homes["letters"], village)
        session.add(PicturePin(family_id=homes["locked"].family, pin_hash="none", set_at=village.now()))
        second = families.add_person(session, name="Xixi", zone=ZONE, language="en")
        families.add_member(
            session, family_id=homes["many"].family, person_id=second.id, role=MemberRole.CHILD, now=NOW
        )  # fmt: skip
        _allow_messages(session, homes["many"], village)
        guest = _settle_guest(session, homes["by_itself"], village)
        session.add(_asked_for(session, homes["booked"], village))
    return Cast(village, homes, lee, guest)


def _asked_for(session: Session, home: Household, village: Village) -> ParentRequest:
    """The other parent of a family, whom the desk has not decided about."""
    return ParentRequest(
        id=new_id(session), family_id=home.family, asked_by=home.parent, name="Wei", number="+8613900000055",
        kinship=Kinship.FATHER, language="zh-CN", note="Suzhou", state=RequestState.OPEN, asked_at=village.now(),
    )  # fmt: skip


def leave_messages(cast: Cast, browser: Browser) -> None:
    """Two parents say something, as their phones send it; what they said before may have been heard."""
    with cast.village.scene.database.read() as session:
        before = session.scalar(select(func.count()).select_from(Message)) or 0
    for home in (cast.homes["letters"], cast.homes["by_itself"]):
        context = browser.new_context()
        context.request.get(cast.village.enter(PrincipalKind.PERSON, home.parent, None))
        say(cast.village, context.request, home, 3 + before / 2)
        context.close()


def call_by_names(cast: Cast, language: str) -> None:
    """Everybody by a name of this language, and what was written in it."""
    with cast.village.scene.database.begin() as session:
        for number, home in enumerate(cast.homes.values()):
            names = household_of(number, language, "fox")
            session.get_one(Family, home.family).name = names.name
            for role, person in zip(ROLES, (home.parent, home.caregiver, home.child), strict=True):
                someone = session.get_one(Person, person)
                someone.name, someone.language = next(one.name for one in names.people if one.role is role), language
        village, terminal, coordinator = PLACES[language]
        session.get_one(VillageRow, cast.homes["booked"].village).name = village
        for row in session.scalars(select(Terminal).where(Terminal.village_id == cast.homes["booked"].village)):
            row.name = terminal if row.id == cast.homes["booked"].terminal else SECOND_TERMINAL[language]
        session.get_one(Coordinator, cast.coordinator).name = coordinator
        session.get_one(Person, cast.guest).name = GUESTS[language]
        for text, written in zip(session.scalars(select(TextIn).order_by(TextIn.at)), LETTERS[language], strict=True):
            text.text = written


def _settle_guest(session: Session, home: Household, village: Village) -> str:
    """A further parent; and for the first one the terminal may answer by itself."""
    guest = families.add_person(session, name="Guest", zone=ZONE, language="en").id
    families.add_member(session, family_id=home.family, person_id=guest, role=MemberRole.PARENT, now=NOW)
    families.set_photo(session, guest, portrait(1, "father"), NOW)
    messages = [(ConsentKind.MESSAGE, parent) for parent in (guest, home.parent)]
    for kind, contact in ((ConsentKind.CALL, guest), (ConsentKind.AUTO_ANSWER, home.parent), *messages):
        families.give_consent(
            session, child_id=home.child, contact_id=contact, kind=kind, given_by=home.parent, evidence="paper",
            from_at=NOW - timedelta(days=1), now=village.now(),
        )  # fmt: skip
    return guest


def _allow_messages(session: Session, home: Household, village: Village) -> None:
    """Nobody has said anything yet."""
    families.give_consent(
        session, child_id=home.child, contact_id=home.parent, kind=ConsentKind.MESSAGE, given_by=home.parent,
        evidence="paper", from_at=NOW - timedelta(days=1), now=village.now(),
    )  # fmt: skip


def _take_photos(session: Session, number: int, home: Household) -> None:
    for role, person in zip(ROLES, (home.parent, home.caregiver, home.child), strict=True):
        kind = next(one.kind for one in household_of(number, "en", "fox").people if one.role is role)
        families.set_photo(session, person, portrait(number, kind), NOW)


def _book(village: Village, homes: dict[str, Household]) -> None:
    now, database, by_itself = village.now(), village.scene.database, Actor("", None)

    def book(state: str, day: int, hour: int, by: Actor | None = None, **more: object) -> str:
        home = homes[state]
        wish = replace(home.wish(at(hour, day=day)), **more)  # type: ignore[arg-type]
        with database.begin() as session:
            return booking.book(session, wish, by or home.desk_acts, now).id

    home, wednesday = homes["booked"], at(19, day=25).date()
    book("booked", 23, 21)
    weekly = SeriesWish(home.family, home.child, home.parent, wednesday, 19 * 60, "FREQ=WEEKLY;BYDAY=WE")
    late = homes["locked"]
    tonight = SeriesWish(late.family, late.child, late.parent, at(21).date(), 21 * 60 + 30, "FREQ=WEEKLY;BYDAY=MO")
    with database.begin() as session:
        series.book_series(session, weekly, home.parent_acts, now)
        series.book_series(session, tonight, late.parent_acts, now)
    book("asked", 25, 20, homes["asked"].terminal_acts, is_proposal=True)
    book("asking", 26, 20, homes["asking"].parent_acts, is_proposal=True)
    book("freed", 24, 20, by_itself, is_proposal=True, origin=Origin.WAIT, expires_at=now + timedelta(hours=6))
    refused = book("refused", 24, 19)
    book("unsure", 27, 19, by_itself, confirm_by=at(20, day=26))
    with database.begin() as session:
        booking.cancel(session, refused, homes["refused"].parent_acts, "sick", None, now)
        for days in (3, 10):
            remember(session, home, days, Outcome.HELD, None)
        remember(session, home, 6, Outcome.MISSED, "parent_absent")
        remember(session, homes["many"], 2, Outcome.HELD, None)
    book("by_itself", 24, 19)  # which got free, and would be offered to a family that is to have nothing


def _say_hours(session: Session, village: Village, homes: dict[str, Household]) -> None:
    """One works on weekdays; two have never time, and one of them waits for a time all the same."""
    weekdays, always = (range(5), 8 * 60, 17 * 60), (range(7), 0, 0)
    for state, (days, from_minute, until_minute) in (("booked", weekdays), ("busy", always), ("wished", always)):
        parent, by = homes[state].parent, homes[state].parent_acts.name
        detail = {"weekdays": [*days], "from_minute": from_minute, "until_minute": until_minute}
        said = Said(PatternKind.WEEKLY, Occupation.SHIFT, detail)
        schedule.add(session, parent, said, by, village.now())
    wished = homes["wished"]
    waits.ask(
        session, village_id=wished.village, family_id=wished.family, child_id=wished.child, parent_id=wished.parent,
        by=wished.parent_acts.name, now=village.now(),
    )  # fmt: skip


def remember(session: Session, home: Household, days_ago: int, outcome: Outcome, reason: str | None) -> None:
    """A call that is over; one that was held took twelve minutes."""
    starts_at = at(19) - timedelta(days=days_ago)
    session.add(
        Call(
            id=new_id(session), village_id=home.village, terminal_id=home.terminal, family_id=home.family,
            parent_id=home.parent, child_id=home.child, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=15),
            state=CallState.ENDED, outcome=outcome, reason=reason, made_at=starts_at,
            talked_seconds=720 if outcome is Outcome.HELD else 0, ended_at=starts_at + timedelta(minutes=12),
        )
    )  # fmt: skip


def _write(session: Session, home: Household, village: Village) -> None:
    for kind in (ConsentKind.MESSAGE, ConsentKind.PHOTO):
        consent = families.give_consent(
            session, child_id=home.child, contact_id=home.parent, kind=kind, given_by=home.parent, evidence="paper",
            from_at=NOW - timedelta(days=1), now=village.now(),
        )  # fmt: skip
        session.add(Signature(consent_id=consent.id, sealed="none", signed_at=village.now()))
    parent = session.get_one(Person, home.parent)
    for place, text in enumerate(LETTERS["en"]):
        sent_at = village.now() + timedelta(seconds=place - 600)
        session.add(
            TextIn(
                id=new_id(session), gateway="simulated", ref=f"gallery {place}", sender=parent.phone,
                number=parent.phone, text=text, sent_at=sent_at, at=sent_at, outcome=TextOutcome.MESSAGE,
                person_id=home.parent, family_id=home.family,
            )
        )  # fmt: skip
