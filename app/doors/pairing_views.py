"""The terminal's door under /api: a code to show, whether it was approved, a new token, and what a desk does to it."""

from typing import Annotated

from flask import request
from pydantic import Field

from app.calls.shapes import Id, InstantOut, Nothing, Shape, TerminalShape, Text
from app.desk import service as desk
from app.doors import pairing, rules
from app.doors.pairing import State
from app.villages import service as villages
from app.web.api import Api, Ask, Door, Entered
from app.web.floor import floor
from app.web.principals import COORDINATOR, TERMINAL, cookie_name

api = Api("terminals")

Base64 = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9+/=]+$")]


class PairingIn(Shape):
    """`public_key`: the SubjectPublicKeyInfo of a P-256 key in base64."""

    public_key: Base64


class PairingShape(Shape):
    device_code: str
    user_code: str
    expires_at: InstantOut
    interval_seconds: int


class ClaimIn(Shape):
    device_code: Annotated[Text, Field(min_length=1, max_length=64)]


class ClaimShape(Shape):
    state: State


class ApproveIn(Shape):
    user_code: Annotated[Text, Field(min_length=1, max_length=40)]
    terminal_id: Id


class ApprovedShape(Shape):
    terminal: TerminalShape


class RenewIn(Shape):
    """`signature`: base64 of r and s (IEEE P1363), over three lines: homethread-token, the device's id, `at`."""

    at: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$")]
    signature: Base64


class RenewedShape(Shape):
    until: InstantOut


class NewTerminal(Shape):
    name: Annotated[Text, Field(min_length=1, max_length=40)]


@api.entrance("/pairing", gives=PairingShape, takes=PairingIn)
def begin(door: Door, body: PairingIn) -> Entered:
    """Get a code for a terminal to show."""
    shown = pairing.begin(door, body.public_key)
    return Entered(
        PairingShape(
            device_code=shown.device_code, user_code=shown.user_code, expires_at=shown.expires_at,
            interval_seconds=rules.CLAIM_EVERY_SECONDS,
        )
    )  # fmt: skip


@api.entrance("/pairing/claim", gives=ClaimShape, takes=ClaimIn)
def claim(door: Door, body: ClaimIn) -> Entered:
    """Ask whether the code was approved; if so, this browser is the terminal from now on."""
    claimed = pairing.claim(door, body.device_code)
    return Entered(ClaimShape(state=claimed.state), TERMINAL, claimed.token)


@api.command("POST", "/pairing/approve", COORDINATOR, gives=ApprovedShape, takes=ApproveIn)
def approve(ask: Ask, body: ApproveIn) -> ApprovedShape:
    """Let the device that shows a code be one of the village's terminals."""
    terminal = pairing.approve(ask, floor().sealer, body.user_code, body.terminal_id)
    return ApprovedShape(terminal=TerminalShape(id=terminal.id, name=terminal.name))


@api.entrance("/terminal/token", gives=RenewedShape, takes=RenewIn)
def renew(door: Door, body: RenewIn) -> Entered:
    """Get a new token for the terminal whose cookie this is, by a signature of its key."""
    renewed = pairing.renew(door, request.cookies.get(cookie_name("terminal")), body.at, body.signature)
    return Entered(RenewedShape(until=renewed.until), TERMINAL, renewed.token)


@api.command("POST", "/terminals", COORDINATOR, gives=TerminalShape, takes=NewTerminal, status=201)
def add_terminal(ask: Ask, body: NewTerminal) -> TerminalShape:
    """Place a terminal in the village."""
    terminal = villages.add_terminal(ask.session, ask.who.village, body.name, ask.now)
    desk.record(ask.session, ask.who, "add_terminal", f"terminal:{terminal.id}", {}, ask.now)
    return TerminalShape(id=terminal.id, name=terminal.name)


@api.command("POST", "/terminals/<terminal_id>/revoke", COORDINATOR, gives=Nothing)
def revoke(ask: Ask, terminal_id: str) -> Nothing:
    """Sign a terminal out at once."""
    pairing.revoke(ask, terminal_id)
    return Nothing()


@api.command("POST", "/terminals/<terminal_id>/retire", COORDINATOR, gives=Nothing)
def retire(ask: Ask, terminal_id: str) -> Nothing:
    """Take a terminal out of use for good."""
    pairing.retire(ask, terminal_id)
    return Nothing()
