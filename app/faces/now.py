"""`GET /api/now`: who am I, what is next, what waits, what time it is. Re-read on connecting and on every hint."""

from collections.abc import Sequence
from typing import Any

from app.calls import picture, queries
from app.calls.models import Call
from app.calls.shapes import CallShape, FamilyShape, InstantOut, PersonShape, Shape, TerminalShape
from app.desk.queries import desk_now
from app.desk.shapes import DeskFamily, DeskTerminal, NamedShape, OpeningShape, TroubleShape
from app.doors import credentials
from app.doors.rules import RENEWED_EVERY, TOKEN_LIVES
from app.families import pins
from app.families import queries as families
from app.families.models import Family, Person
from app.families.pins import Lock
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


class MyFamily(FamilyShape):
    """`role` is the asker's own: who is a parent speaks with `children`, who lives with them with `parents`."""

    role: str
    children: list[PersonShape]
    parents: list[PersonShape]


class TerminalFamily(FamilyShape):
    """A family that is locked at this device shows its picture alone."""

    locked: bool
    has_pin: bool
    blocked: bool
    members: list[RoleShape]
    next_call: CallShape | None


class ThisTerminal(TerminalShape):
    """`device` and `renew_at` are null where no key is kept: such a token isn't renewed."""

    device: str | None
    renew_at: InstantOut | None


class Now(Shape):
    """The parts that a face has no use for are null."""

    face: str
    version: str
    server_time: InstantOut
    language: str
    zone: str
    village: VillageShape | None
    calls: list[CallShape]
    prompts: list[str]
    me: PersonShape | None = None
    terminal: ThisTerminal | None = None
    families: Sequence[MyFamily | TerminalFamily | DeskFamily] | None = None
    coordinator: NamedShape | None = None
    operator: bool | None = None
    terminals: list[DeskTerminal] | None = None
    openings: list[OpeningShape] | None = None
    troubles: list[TroubleShape] | None = None
    promise_days: int | None = None


@api.query("/now", PERSON, TERMINAL, COORDINATOR, gives=Now)
def now(ask: Ask) -> Now:
    """All that a device needs for its first screen."""
    return {PERSON: _phone, TERMINAL: _terminal, COORDINATOR: _desk}[ask.who.kind](ask)


def _phone(ask: Ask) -> Now:
    me = ask.session.get_one(Person, ask.who.subject_id)
    calls = ask.session.scalars(queries.of_person(me.id, ask.now)).all()
    mine = [
        MyFamily(
            **picture.family_shape(family).model_dump(),
            role=families.role_of(ask.session, family.id, me.id).value,
            children=[picture.person_shape(child, ask.who) for child in families.children(ask.session, family.id)],
            parents=[picture.person_shape(parent, ask.who) for parent in families.parents(ask.session, family.id)],
        )
        for family in families.families_of_person(ask.session, me.id)
    ]
    return Now(
        **_common(ask, "phone"), zone=me.zone, village=None, prompts=[], calls=_shapes(ask, calls),
        me=picture.person_shape(me, ask.who), families=mine,
    )  # fmt: skip


def _terminal(ask: Ask) -> Now:
    terminal = ask.session.get_one(Terminal, ask.who.subject_id)
    village = villages.village(ask.session, ask.who.village)
    calls = ask.session.scalars(queries.of_terminal(terminal.id, ask.now)).all()
    of_village = families.families_of_village(ask.session, village.id)
    locks = pins.locks(ask.session, village.id, ask.who.device_id, ask.now)
    return Now(
        **_common(ask, "terminal"), zone=village.zone, calls=_shapes(ask, calls),
        village=VillageShape(id=village.id, name=village.name, zone=village.zone),
        terminal=_this_terminal(ask, terminal),
        families=[_terminal_family(ask, family, locks.get(family.id, Lock())) for family in of_village],
        prompts=villages.prompt_keys(ask.session, village.id),
    )  # fmt: skip


def _this_terminal(ask: Ask, terminal: Terminal) -> ThisTerminal:
    device = ask.session.get_one(DeviceSession, ask.who.device_id)
    renew_at = device.token_until and device.token_until - TOKEN_LIVES + RENEWED_EVERY
    return ThisTerminal(id=terminal.id, name=terminal.name, device=device.id if renew_at else None, renew_at=renew_at)


def _terminal_family(ask: Ask, family: Family, lock: Lock) -> TerminalFamily:
    known = {"locked": lock.is_locked, "has_pin": lock.has_pin, "blocked": lock.is_blocked}
    shape = picture.family_shape(family).model_dump() | known
    if lock.is_locked:
        return TerminalFamily(**shape, members=[], next_call=None)
    members = [
        RoleShape(**picture.person_shape(person, ask.who).model_dump(), role=role.value)
        for person, role in families.members(ask.session, family.id)
    ]
    upcoming = queries.next_of_family(ask.session, family.id, ask.now)
    shown = picture.call_shape(ask.session, upcoming, ask.who, ask.now) if upcoming else None
    return TerminalFamily(**shape, members=members, next_call=shown)


def _desk(ask: Ask) -> Now:
    village = villages.village(ask.session, ask.who.village)
    shown = desk_now(ask.session, ask.who, ask.now)
    return Now(
        **_common(ask, "desk"), zone=village.zone, calls=shown.calls, prompts=[],
        village=VillageShape(id=village.id, name=village.name, zone=village.zone),
        coordinator=shown.coordinator, operator=credentials.is_operator(ask.session, ask.who),
        terminals=shown.terminals, families=shown.families,
        openings=shown.openings, troubles=shown.troubles, promise_days=shown.promise_days,
    )  # fmt: skip


def _common(ask: Ask, face: str) -> dict[str, Any]:
    return {"face": face, "version": floor().version, "server_time": ask.now, "language": ask.who.language}


def _shapes(ask: Ask, calls: Sequence[Call]) -> list[CallShape]:
    return picture.call_shapes(ask.session, calls, ask.who, ask.now)
