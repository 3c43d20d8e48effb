"""What the media program does in one call, or for one line check: a work, and what it may ask of the program for it.

Web says by a lease which works there are, and the program holds each for as long as the lease lasts. What a bridge, an
answering machine or a line check does with the ends that are connected is decided in their own modules.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from app.kernel.clock import Clock
from app.kernel.rungs import RungName
from app.media.ladder import Ladder
from app.media.tally import Tally

if TYPE_CHECKING:  # it loads what speaks WebRTC, which a program without any work needs not
    from app.media.participant import Participant
    from app.media.uploading import Uploads


class WorkKind(StrEnum):
    BRIDGE = "bridge"
    ANSWERING = "answering"
    LINE_CHECK = "line_check"


@dataclass(frozen=True)
class Lease:
    """This program's hold on one work; `room` is the call or the line check that signals of it name."""

    id: str
    kind: WorkKind
    room: str
    language: str

    @classmethod
    def read(cls, told: dict[str, Any]) -> "Lease":
        kind = WorkKind(told["kind"])
        room = told["line_check"] if kind is WorkKind.LINE_CHECK else told["call"]
        return cls(str(told["lease"]), kind, str(room), str(told.get("language") or "en"))


@dataclass(frozen=True)
class End:
    """Who is at the other end of a connection. `seat` names it in one epoch; `rung` is how it wants to be sent to."""

    seat: str
    side: str
    rung: RungName
    name: str | None = None
    occupant: str | None = None
    language: str | None = None

    @property
    def seat_id(self) -> str:
        return self.seat.rpartition(".")[0]

    @property
    def epoch(self) -> int:
        number = self.seat.rpartition(".")[2]
        return int(number) if number.isdecimal() else 0

    @property
    def is_child_side(self) -> bool:
        return self.side == "village"


Emit = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Outside:
    """All that a work sees beside its ends. `emit` tells web and raises `connection.Away` or `connection.Refusal`."""

    emit: Emit
    clock: Clock
    ladder: Ladder
    tally: Tally
    uploads: "Uploads"


class Work(Protocol):
    """Made as `Kind(lease, outside)`; everything of it runs on the program's one event loop."""

    async def run(self) -> None:
        """Go on until it is over by itself, or closed."""

    def join(self, participant: "Participant") -> None:
        """An end's connection stands: it can be sent to, and its channels are open or about to be."""

    def part(self, participant: "Participant") -> None:
        """The connection of an end that had joined is gone, closed or replaced by a newer one of the same seat."""

    async def close(self) -> None:
        """The lease is gone, or the program ends: bring to an end what must not be lost, soon."""
