"""Picture PINs under /api: tried and set at the terminal, cleared and unblocked by the desk."""

from typing import Annotated

from pydantic import Field

from app.calls.shapes import InstantOut, Nothing, Shape
from app.desk import service as desk
from app.families import pins, queries
from app.families.models import Family
from app.families.pin_rules import LENGTH, Picture
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, TERMINAL

api = Api("pins")

Pictures = Annotated[list[Picture], Field(min_length=LENGTH, max_length=LENGTH)]


class PinIn(Shape):
    """`current` is asked for where there is a PIN already."""

    pictures: Pictures
    current: Pictures | None = None


class VisitIn(Shape):
    pictures: Pictures


class VisitShape(Shape):
    until: InstantOut


@api.command("POST", "/families/<family_id>/pin", TERMINAL, gives=VisitShape, takes=PinIn)
def set_pin(ask: Ask, body: PinIn, family_id: str) -> VisitShape:
    """Set a family's four pictures; it is visiting from then on."""
    family, sealer = _family(ask, family_id), floor().sealer
    until = pins.set_pin(ask.session, sealer, family, ask.who.device_id, body.pictures, body.current, ask.now)
    return VisitShape(until=until)


@api.command("POST", "/families/<family_id>/visit", TERMINAL, gives=VisitShape, takes=VisitIn)
def open_visit(ask: Ask, body: VisitIn, family_id: str) -> VisitShape:
    """Open a family's page at this terminal by its pictures."""
    family, sealer = _family(ask, family_id), floor().sealer
    return VisitShape(until=pins.open_visit(ask.session, sealer, family, ask.who.device_id, body.pictures, ask.now))


@api.command("POST", "/visit/stay", TERMINAL, gives=VisitShape)
def stay(ask: Ask) -> VisitShape:
    """Say that the family is still there."""
    return VisitShape(until=pins.stay(ask.session, ask.who.device_id, ask.now))


@api.command("POST", "/visit/end", TERMINAL, gives=Nothing)
def end_visit(ask: Ask) -> Nothing:
    """Say that the family has left."""
    pins.end_visit(ask.session, ask.who.device_id)
    return Nothing()


@api.command("DELETE", "/families/<family_id>/pin", COORDINATOR, gives=Nothing)
def clear_pin(ask: Ask, family_id: str) -> Nothing:
    """Take away a PIN that was forgotten."""
    pins.clear(ask.session, _family(ask, family_id), ask.now)
    desk.record(ask.session, ask.who, "clear_pin", f"family:{family_id}", {}, ask.now)
    return Nothing()


@api.command("POST", "/families/<family_id>/pin/unblock", COORDINATOR, gives=Nothing)
def unblock_pin(ask: Ask, family_id: str) -> Nothing:
    """Let a PIN be tried again."""
    pins.unblock(ask.session, _family(ask, family_id), ask.now)
    desk.record(ask.session, ask.who, "unblock_pin", f"family:{family_id}", {}, ask.now)
    return Nothing()


def _family(ask: Ask, family_id: str) -> Family:
    return queries.family_of_village(ask.session, ask.who.village, family_id)
