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
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import booking, series
from app.calls.booking import Actor
from app.calls.models import Call
from app.calls.series import SeriesWish
from app.calls.words import CallState, Origin, Outcome
from app.demo.households import household_of
from app.demo.portraits import portrait
from app.demo.village import PLACES
from app.desk import service as desk
from app.desk.models import Coordinator
from app.families import schedule
from app.families import service as families
from app.families.models import Family, Person, PicturePin
from app.families.rules import free_emblems
from app.families.schedule import Said
from app.families.words import ConsentKind, MemberRole, Occupation, PatternKind
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
    "letters", "many",
)  # fmt: skip
ROLES = (MemberRole.PARENT, MemberRole.CAREGIVER, MemberRole.CHILD)
LETTERS = {
    "en": ("It got cold here. Put on warm clothes!", "I come home on Sunday the week after next. Be good."),
    "zh-CN": ("天冷了，多穿衣服，别着凉。", "下下个星期天我回家。要乖，好好吃饭。"),
}


@dataclass(frozen=True)
class Cast:
    village: Village
    homes: dict[str, Household]
    coordinator: str


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
    emblems = free_emblems({"fox", "kite"})
    for number, state in enumerate(STATES[2:], 3):
        homes[state] = scene.move_in(state, emblems[number], number)
    with scene.database.begin() as session:
        villages.add_terminal(session, scene.alice.village, "School", NOW)
        for number, home in enumerate(homes.values()):
            _take_photos(session, number, home)
        lee = desk.add_coordinator(session, scene.alice.village, "Teacher Li", "en", village.now()).id
    with scene.database.begin() as session:
        _stand(session, village, homes)
    return Cast(village, homes, lee)


def leave_message(cast: Cast, browser: Browser) -> None:
    """A parent says something, as her phone sends it."""
    home = cast.homes["letters"]
    context = browser.new_context()
    context.request.get(cast.village.enter(PrincipalKind.PERSON, home.parent, None))
    say(cast.village, context.request, home, 3)
    context.close()


def call_by_names(cast: Cast, language: str) -> None:
    """Everybody by a name of this language, and what was written in it."""
    with cast.village.scene.database.begin() as session:
        for number, home in enumerate(cast.homes.values()):
            names = household_of(number, language, "fox")
            session.get_one(Family, home.family).name = names.name
            for role, person in zip(ROLES, (home.parent, home.caregiver, home.child), strict=True):
                session.get_one(Person, person).name = next(one.name for one in names.people if one.role is role)
        village, terminal, coordinator = PLACES[language]
        session.get_one(VillageRow, cast.homes["booked"].village).name = village
        session.get_one(Terminal, cast.homes["booked"].terminal).name = terminal
        session.get_one(Coordinator, cast.coordinator).name = coordinator
        for text, written in zip(session.scalars(select(TextIn).order_by(TextIn.at)), LETTERS[language], strict=True):
            text.text = written


def _take_photos(session: Session, number: int, home: Household) -> None:
    for role, person in zip(ROLES, (home.parent, home.caregiver, home.child), strict=True):
        kind = next(one.kind for one in household_of(number, "en", "fox").people if one.role is role)
        families.set_photo(session, person, portrait(number, kind), NOW)


def _stand(session: Session, village: Village, homes: dict[str, Household]) -> None:
    now, by_itself = village.now(), Actor("", None)

    def book(state: str, day: int, hour: int, by: Actor | None = None, **more: object) -> Call:
        home = homes[state]
        wish = replace(home.wish(at(hour, day=day)), **more)  # type: ignore[arg-type]
        return booking.book(session, wish, by or home.desk_acts, now)

    book("booked", 23, 21)
    home, wednesday = homes["booked"], at(19, day=25).date()
    weekly = SeriesWish(home.family, home.child, home.parent, wednesday, 19 * 60, "FREQ=WEEKLY;BYDAY=WE")
    series.book_series(session, weekly, home.parent_acts, now)
    for days, outcome, reason in (
        (3, Outcome.HELD, None),
        (6, Outcome.MISSED, "parent_absent"),
        (10, Outcome.HELD, None),
    ):
        remember(session, homes["booked"], days, outcome, reason)
    remember(session, homes["many"], 2, Outcome.HELD, None)
    book("asked", 25, 20, homes["asked"].terminal_acts, is_proposal=True)
    book("asking", 26, 20, homes["asking"].parent_acts, is_proposal=True)
    book("freed", 24, 20, by_itself, is_proposal=True, origin=Origin.WAIT, expires_at=now + timedelta(hours=6))
    refused = book("refused", 24, 19, homes["refused"].desk_acts)
    booking.cancel(session, refused.id, homes["refused"].parent_acts, "sick", None, now)
    book("unsure", 27, 19, by_itself, confirm_by=at(20, day=26))
    wished = homes["wished"]
    waits.ask(
        session, village_id=wished.village, family_id=wished.family, child_id=wished.child, parent_id=wished.parent,
        by=wished.parent_acts.name, now=now,
    )  # fmt: skip
    day_and_night = {"weekdays": [*range(7)], "from_minute": 0, "until_minute": 0}
    always = Said(PatternKind.WEEKLY, Occupation.SHIFT, day_and_night)
    for busy in (homes["busy"], wished):
        schedule.add(session, busy.parent, always, busy.parent_acts.name, now)
    weekdays = {"weekdays": [*range(5)], "from_minute": 8 * 60, "until_minute": 17 * 60}
    shift = Said(PatternKind.WEEKLY, Occupation.SHIFT, weekdays)
    schedule.add(session, homes["booked"].parent, shift, homes["booked"].parent_acts.name, now)
    pin_of_nobody = PicturePin(family_id=homes["locked"].family, pin_hash="none", set_at=now)
    session.add(pin_of_nobody)
    _write(session, homes["letters"], village)
    little = families.add_person(session, name="Xixi", zone=ZONE, language="en")
    families.add_member(session, family_id=homes["many"].family, person_id=little.id, role=MemberRole.CHILD, now=NOW)


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
        families.give_consent(
            session, child_id=home.child, contact_id=home.parent, kind=kind, given_by=home.parent, evidence="paper",
            from_at=NOW - timedelta(days=1), now=village.now(),
        )  # fmt: skip
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
