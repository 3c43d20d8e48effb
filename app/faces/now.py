"""`GET /api/now`: who am I, what is next, what waits, what time it is. Re-read on connecting and on every hint."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.calls import answers, guests, life, line_checks, picture, queries
from app.calls.answers import Awaited, Refused
from app.calls.models import Call
from app.calls.shapes import CallShape, FamilyShape, InstantOut, PersonShape, Shape, TerminalShape
from app.desk.outage_shapes import TextsNow
from app.desk.queries import desk_now
from app.desk.shapes import DeskFamily, DeskTerminal, NamedShape, OpeningShape, TroubleShape
from app.doors import credentials
from app.doors import parent_request_queries as parent_requests
from app.doors.rules import RENEWED_EVERY, TOKEN_LIVES
from app.families import pins, recorded_names
from app.families import queries as families
from app.families.models import Family, Person
from app.families.pins import Lock
from app.families.price_views import MbPriceShape, mb_price
from app.families.recorded_name_views import url_of
from app.messages import thread as messages
from app.roster import waits
from app.sms import thread
from app.villages import prompts
from app.villages import queries as villages
from app.villages.models import Terminal
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.models import DeviceSession
from app.web.principals import COORDINATOR, PERSON, TERMINAL

api = Api("now")


class VillageShape(Shape):
    id: str
    name: str
    zone: str


class RoleShape(PersonShape):
    role: str


class MeShape(PersonShape):
    """`mb_price`: what a megabyte costs them, null where they didn't say. `recorded_name`: where their own voice is."""

    mb_price: MbPriceShape | None
    recorded_name: str | None


class MyFamily(FamilyShape):
    """`role` is the asker's own: who is a parent speaks with `children`, who lives with them with `parents`.

    `village` is its name, for people who have families in several.
    `messages_waiting`: so many that were left for them, or for the children they live with, were not heard yet.
    """

    role: str
    village: str
    messages_waiting: int
    children: list[PersonShape]
    parents: list[PersonShape]


class RefusedShape(Shape):
    """A call that was given up before its time, and whether by the parent or in the village."""

    starts_at: InstantOut
    child_id: str
    parent_id: str
    reason: str
    by_parent: bool


class WishShape(Shape):
    """A slot that gets free is wished for."""

    id: str
    child_id: str
    parent_id: str


class TerminalFamily(FamilyShape):
    """A family that is locked at this device shows its picture alone, and whether something waits for it.

    `awaited` waits for a word from the village, `is_counter` where it answers a time that the village had proposed;
    `following` is the call after one that is on; `refused` stands until there is another call. `texts_waiting`,
    `messages_waiting`: so many were not heard yet.
    """

    locked: bool
    has_pin: bool
    blocked: bool
    is_awaited: bool
    texts_waiting: int
    messages_waiting: int
    members: Sequence[RoleShape] = ()
    next_call: CallShape | None = None
    following: CallShape | None = None
    awaited: CallShape | None = None
    is_counter: bool = False
    refused: RefusedShape | None = None
    wishes: Sequence[WishShape] = ()


class ThisTerminal(TerminalShape):
    """`device` and `renew_at` are null where no key is kept: such a token isn't renewed.

    `check_line`: its line is to be tried now.
    """

    device: str | None
    renew_at: InstantOut | None
    check_line: bool


class Now(Shape):
    """The parts that a face has no use for are null.

    `prompts`: another one as soon as a terminal has another recording to say; empty where there is none.
    """

    face: str
    version: str
    server_time: InstantOut
    language: str
    zone: str
    village: VillageShape | None
    calls: list[CallShape]
    prompts: str = ""
    me: MeShape | None = None
    terminal: ThisTerminal | None = None
    families: Sequence[MyFamily | TerminalFamily | DeskFamily] | None = None
    coordinator: NamedShape | None = None
    operator: bool | None = None
    terminals: list[DeskTerminal] | None = None
    openings: list[OpeningShape] | None = None
    troubles: list[TroubleShape] | None = None
    texts: TextsNow | None = None
    promise_days: int | None = None
    parent_requests: int | None = None


@api.query("/now", PERSON, TERMINAL, COORDINATOR, gives=Now)
def now(ask: Ask) -> Now:
    """All that a device needs for its first screen."""
    return {PERSON: _phone, TERMINAL: _terminal, COORDINATOR: _desk}[ask.who.kind](ask)


def _phone(ask: Ask) -> Now:
    me = ask.session.get_one(Person, ask.who.subject_id)
    own = ask.session.scalars(queries.of_person(me.id, ask.now)).all()
    calls = sorted([*own, *guests.calls_of(ask.session, me.id, ask.now)], key=lambda call: (call.starts_at, call.id))
    name_id = recorded_names.id_of(ask.session, me.id)
    unheard = messages.waiting_of_person(ask.session, me.id, ask.now)
    mine = [
        MyFamily(
            **picture.family_shape(family).model_dump(),
            role=families.role_of(ask.session, family.id, me.id).value,
            village=villages.village(ask.session, family.village_id).name,
            messages_waiting=unheard[family.id],
            children=[picture.person_shape(child, ask.who) for child in families.children(ask.session, family.id)],
            parents=[picture.person_shape(parent, ask.who) for parent in families.parents(ask.session, family.id)],
        )
        for family in families.families_of_person(ask.session, me.id)
    ]
    return Now(
        **_common(ask, "phone"), zone=me.zone, village=None, calls=_shapes(ask, calls),
        me=MeShape(
            **picture.person_shape(me, ask.who).model_dump(), mb_price=mb_price(me),
            recorded_name=name_id and url_of(name_id),
        ), families=mine,
    )  # fmt: skip


def _terminal(ask: Ask) -> Now:
    terminal = ask.session.get_one(Terminal, ask.who.subject_id)
    village = villages.village(ask.session, ask.who.village)
    calls = ask.session.scalars(queries.of_terminal(terminal.id, ask.now)).all()
    of_village = families.families_of_village(ask.session, village.id)
    news = _News.read(ask, village.id)
    return Now(
        **_common(ask, "terminal"), zone=village.zone, calls=_shapes(ask, calls),
        village=VillageShape(id=village.id, name=village.name, zone=village.zone),
        terminal=_this_terminal(ask, terminal),
        families=[_terminal_family(ask, family, news) for family in of_village],
        prompts=prompts.mark(prompts.heard(ask.session, village.id)),
    )  # fmt: skip


def _this_terminal(ask: Ask, terminal: Terminal) -> ThisTerminal:
    device = ask.session.get_one(DeviceSession, ask.who.device_id)
    renew_at = device.token_until and device.token_until - TOKEN_LIVES + RENEWED_EVERY
    return ThisTerminal(
        id=terminal.id, name=terminal.name, device=device.id if renew_at else None, renew_at=renew_at,
        check_line=line_checks.is_wanted(ask.session, terminal.id, ask.now),
    )  # fmt: skip


@dataclass(frozen=True)
class _News:
    """What is known of a village's families, by family."""

    locks: dict[str, Lock]
    awaited: dict[str, Awaited]
    refused: dict[str, Refused]
    wishes: dict[str, list[WishShape]]
    texts: dict[str, int]
    messages: Counter[str]

    @classmethod
    def read(cls, ask: Ask, village_id: str) -> "_News":
        wishes: dict[str, list[WishShape]] = defaultdict(list)
        for wait in waits.open_of_village(ask.session, village_id):
            wish = WishShape(id=wait.id, child_id=wait.child_id, parent_id=wait.parent_id)
            wishes[wait.family_id].append(wish)
        return cls(
            pins.locks(ask.session, village_id, ask.who.device_id, ask.now),
            answers.awaited_by_family(ask.session, village_id, ask.now),
            answers.refused_by_family(ask.session, village_id, ask.now), wishes,
            thread.waiting(ask.session, village_id, ask.now),
            messages.waiting_of_village(ask.session, village_id, ask.now),
        )  # fmt: skip


def _terminal_family(ask: Ask, family: Family, news: _News) -> TerminalFamily:
    lock, awaited = news.locks.get(family.id, Lock()), news.awaited.get(family.id)
    shape = picture.family_shape(family).model_dump() | {
        "locked": lock.is_locked, "has_pin": lock.has_pin, "blocked": lock.is_blocked, "is_awaited": bool(awaited),
        "texts_waiting": news.texts.get(family.id, 0), "messages_waiting": news.messages[family.id],
    }  # fmt: skip
    if lock.is_locked:
        return TerminalFamily(**shape)
    members = [
        RoleShape(**picture.person_shape(person, ask.who).model_dump(), role=role.value)
        for person, role in families.members(ask.session, family.id)
    ]
    upcoming = queries.next_of_family(ask.session, family.id, ask.now)
    # before a call is left the one after it is shown, whether or not the link gave room to read of it meanwhile
    is_open = upcoming is not None and life.opens_at(upcoming.starts_at) <= ask.now
    following = queries.following_of_family(ask.session, family.id, ask.now) if is_open else None
    return TerminalFamily(
        **shape, members=members, wishes=news.wishes[family.id],
        next_call=picture.call_shape(ask.session, upcoming, ask.who, ask.now) if upcoming else None,
        following=picture.call_shape(ask.session, following, ask.who, ask.now) if following else None,
        awaited=picture.call_shape(ask.session, awaited.call, ask.who, ask.now) if awaited else None,
        is_counter=awaited is not None and awaited.is_counter,
        refused=None if upcoming else _refused(news.refused.get(family.id)),
    )  # fmt: skip


def _refused(refused: Refused | None) -> RefusedShape | None:
    if refused is None:
        return None
    call = refused.call
    return RefusedShape(
        starts_at=call.starts_at, child_id=call.child_id, parent_id=call.parent_id, reason=call.reason or "other",
        by_parent=refused.by_parent,
    )  # fmt: skip


def _desk(ask: Ask) -> Now:
    village = villages.village(ask.session, ask.who.village)
    shown = desk_now(ask.session, ask.who, ask.now)
    return Now(
        **_common(ask, "desk"), zone=village.zone, calls=shown.calls,
        village=VillageShape(id=village.id, name=village.name, zone=village.zone),
        coordinator=shown.coordinator, operator=credentials.is_operator(ask.session, ask.who),
        terminals=shown.terminals, families=shown.families,
        openings=shown.openings, troubles=shown.troubles, promise_days=shown.promise_days,
        texts=shown.texts, parent_requests=parent_requests.open_in_village(ask.session, village.id),
    )  # fmt: skip


def _common(ask: Ask, face: str) -> dict[str, Any]:
    return {"face": face, "version": floor().version, "server_time": ask.now, "language": ask.who.language}


def _shapes(ask: Ask, calls: Sequence[Call]) -> list[CallShape]:
    return picture.call_shapes(ask.session, calls, ask.who, ask.now)
