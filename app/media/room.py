"""One leased work and what it takes: the seat in the call, the ends that are connected, their signals.

A browser's seat has one connection: an offer of a newer epoch, or of another connection of the same page, takes the
place of the one before. What the work does with the ends is its own business.
"""

import asyncio
import logging
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from app.kernel.rungs import RungName
from app.media import sdp
from app.media.connection import Away, Refusal
from app.media.work import End, Lease, Outside, Work, WorkKind

if TYPE_CHECKING:
    from app.media.participant import Participant

log = logging.getLogger(__name__)

LINGER_SECONDS = 3.0  # after a bridge was given to another program, until its ends have gone over
MOST_ENDS, MOST_EARLY = 16, 200
UNKNOWN_RUNG = RungName.VOICE


class Room:
    """`page` names this program's hold on the seat: over a later socket it goes on in it."""

    def __init__(self, lease: Lease, page: str, outside: Outside, make: Callable[[Lease, Outside], Work]) -> None:
        self.lease, self.page, self.seat = lease, page, ""
        self.is_closing = False
        self._outside = outside
        self._ends: dict[str, End] = {}
        self._participants: dict[str, Participant] = {}
        self._ice: tuple[list[dict[str, Any]], str] = ([], "all")
        self._early: list[dict[str, Any]] = []
        self._strays: dict[str, list[dict[str, Any]]] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self.is_seated = False
        self._work = make(lease, outside)
        self._running = asyncio.ensure_future(self._run())

    @property
    def is_over(self) -> bool:
        return self._running.done()

    @property
    def participants(self) -> "list[Participant]":
        return list(self._participants.values())

    async def sit(self, told: dict[str, Any]) -> None:
        """Take the seat, or take it again over a new socket. Raises Away, Refusal.

        A line check has none: all that it needs is `told` with the lease.
        """
        taken = told
        if self.lease.kind is not WorkKind.LINE_CHECK:
            wanted = {"call": self.lease.room, "here": True, "page": self.page}
            taken = await self._outside.emit("take_seat", wanted)
            self.seat = str(taken["seat"])
        self._ice = list(taken.get("ice_servers") or []), str(taken.get("ice_policy") or "all")
        self.is_seated = True
        for peer in taken.get("peers") or []:
            self.news(peer)
        for signal in self._early:
            self.signal(signal)
        self._early = []

    def news(self, peer: dict[str, Any]) -> None:
        """How another seat of the call stands."""
        end = _end(peer)
        known = self._ends.get(end.seat_id)
        if known is not None and known.epoch > end.epoch:
            return
        self._ends[end.seat_id] = end
        participant = self._participants.get(end.seat_id)
        if participant is None:
            return
        if peer.get("state") == "left" or end.epoch > participant.end.epoch:
            self._spawn(participant.close())
            return
        participant.end = end
        if peer.get("rung"):
            participant.set_rung(end.rung)

    def signal(self, signal: dict[str, Any]) -> None:
        if self.is_closing:
            return
        if not self.is_seated:  # before the relays are known
            if len(self._early) < MOST_EARLY:
                self._early.append(signal)
            return
        end = self._who(signal)
        participant = self._participants.get(end.seat_id)
        if participant is None or participant.end.epoch < end.epoch or self._is_of_another(participant, signal):
            description = signal.get("description") or {}
            if description.get("type") != "offer":
                self._keep_stray(end.seat, signal)
                return
            if len(self._participants) >= MOST_ENDS:
                return
            participant = self._connected_anew(end)
        if participant.end.epoch == end.epoch:
            participant.take(signal)

    def keep(self, ends: Collection[str], known: Collection[str]) -> None:
        """Part from who is no end of the call any more: a worker that ends a guest's stay tells nobody.

        `known` are those who were connected before web was asked.
        """
        for participant in self.participants:
            if participant.seat in known and participant.seat not in ends:
                self._spawn(participant.close())

    async def close(self) -> None:
        """The lease is gone: the work ends what it must not lose, then the connections."""
        if self.is_closing:
            await asyncio.wait([self._running])
            return
        self.is_closing = True
        if self.lease.kind is WorkKind.BRIDGE and not self.is_over:
            await asyncio.sleep(LINGER_SECONDS)
        await self._work.close()
        self._running.cancel()
        await asyncio.wait([self._running])
        await asyncio.gather(*(participant.close() for participant in self.participants))

    async def leave(self) -> None:
        """Give the seat up, so that nobody waits for us."""
        if self.seat:
            try:
                left = {"call": self.lease.room, "reason": "page_closed", "page": self.page}
                await self._outside.emit("leave_seat", left)
            except (Away, Refusal) as gone:
                log.debug("the seat in %s is not ours any more: %s", self.lease.room, gone)

    async def _run(self) -> None:
        try:
            await self._work.run()
        except Exception:
            log.exception("the %s of %s failed", self.lease.kind, self.lease.room)
            self._outside.tally.events["work_failed"] += 1

    def _keep_stray(self, seat: str, signal: dict[str, Any]) -> None:
        """A candidate may be faster than the offer that it belongs to."""
        kept = self._strays.setdefault(seat, [])
        if "candidate" in signal and len(self._strays) <= MOST_ENDS and len(kept) < MOST_EARLY:
            kept.append(signal)

    def _who(self, signal: dict[str, Any]) -> End:
        seat, side = str(signal.get("from")), str(signal.get("side") or "")
        end = End(seat, side, UNKNOWN_RUNG)
        known = self._ends.get(end.seat_id)
        return known if known is not None and known.seat == seat else end

    def _is_of_another(self, participant: "Participant", signal: dict[str, Any]) -> bool:
        """Whether an offer begins another connection than the one that stands, or a restart, which aiortc can't."""
        description = signal.get("description") or {}
        if description.get("type") != "offer" or participant.origin is None:
            return False
        try:
            other = sdp.origin(str(description.get("sdp")))
        except sdp.SdpError:
            return False
        return (other.session, other.ufrag) != (participant.origin.session, participant.origin.ufrag)

    def _connected_anew(self, end: End) -> "Participant":
        from app.media.participant import Participant

        if (older := self._participants.pop(end.seat_id, None)) is not None:
            self._spawn(older.close())
        ladder, tally = self._outside.ladder, self._outside.tally
        made = Participant(end, *self._ice, ladder, self._speaks_to(end), self._join, self._part, tally)
        self._participants[end.seat_id] = made
        for signal in self._strays.pop(end.seat, []):
            made.take(signal)
        return made

    def _speaks_to(self, end: End) -> Callable[[dict[str, Any]], Any]:
        async def say(message: dict[str, Any]) -> None:
            try:
                await self._outside.emit("signal", {"call": self.lease.room, "to": end.seat, **message})
            except (Away, Refusal) as lost:  # the browser sends its offer again
                log.info("a signal to %s is lost: %s", end.seat, lost)

        return say

    def _join(self, participant: "Participant") -> None:
        self._outside.tally.events["joined"] += 1
        self._work.join(participant)

    def _part(self, participant: "Participant") -> None:
        if self._participants.get(participant.end.seat_id) is participant:
            del self._participants[participant.end.seat_id]
        if participant.stood:
            self._outside.tally.events["parted"] += 1
            self._work.part(participant)

    def _spawn(self, step: Any) -> None:
        task = asyncio.ensure_future(step)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _end(peer: dict[str, Any]) -> End:
    rung = peer.get("rung")
    return End(
        str(peer["seat"]), str(peer["side"]), RungName(rung) if rung in list(RungName) else UNKNOWN_RUNG,
        peer.get("name"), peer.get("occupant"), peer.get("language"),
    )  # fmt: skip
