"""The socket events of a line check: check_line, line_checked, leave_line_check. Its signals are those of a call."""

from typing import Annotated, Any

from pydantic import Field

from app.calls import line_checks
from app.calls.line_checks import Found
from app.calls.ports import TurnIssuer
from app.calls.shapes import Id, Shape, Text
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.web.principals import COORDINATOR, MEDIA, PERSON, TERMINAL
from app.web.sockets import SocketAsk, Sockets

Milliseconds = Annotated[int, Field(ge=0, le=100_000)]
Permille = Annotated[int, Field(ge=0, le=1_000)]
Kbps = Annotated[int, Field(ge=0, le=1_000_000)]
Page = Annotated[Text, Field(min_length=1, max_length=36)]


class CheckLine(Shape):
    page: Page


class LineChecked(Shape):
    """What a media program has found; null where it could not be measured."""

    line_check: Id
    rung: RungName
    rtt_ms: Milliseconds | None = None
    loss_permille: Permille | None = None
    up_kbps: Kbps | None = None
    down_kbps: Kbps | None = None
    level: VoiceLevel


class LeaveLineCheck(Shape):
    line_check: Id


class LineSockets:
    """`turn` gives each check its relay."""

    def __init__(self, turn: TurnIssuer) -> None:
        self.turn = turn

    def check_line(self, ask: SocketAsk, body: CheckLine) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            begun = line_checks.begin(session, ask.who, ask.sid, body.page, ask.now)
        return {
            "line_check": begun.check.id,
            "to": begun.to,
            "from": f"{line_checks.DEVICE_PREFIX}{begun.check.id}",
            "ice_servers": self.turn.issue(begun.check.id, ask.now + line_checks.LASTS),
            "ice_policy": self.turn.policy,
        }

    def line_checked(self, ask: SocketAsk, body: LineChecked) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            found = Found(**body.model_dump(exclude={"line_check"}))
            line_checks.found(session, body.line_check, ask.who, found, ask.now)
        return {}

    def leave_line_check(self, ask: SocketAsk, body: LeaveLineCheck) -> dict[str, Any]:
        with ask.floor.database.begin() as session:
            line_checks.leave(session, body.line_check, ask.who, ask.now)
        return {}

    def gone(self, ask: SocketAsk) -> None:
        with ask.floor.database.begin() as session:
            line_checks.gone(session, ask.sid, ask.now)


def register(sockets: Sockets, turn: TurnIssuer) -> None:
    lines = LineSockets(turn)
    sockets.on("check_line", PERSON, TERMINAL, COORDINATOR, takes=CheckLine)(lines.check_line)
    sockets.on("line_checked", MEDIA, takes=LineChecked)(lines.line_checked)
    sockets.on("leave_line_check", PERSON, TERMINAL, COORDINATOR, takes=LeaveLineCheck)(lines.leave_line_check)
    sockets.on_gone(lines.gone)
