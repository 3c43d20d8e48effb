"""The media program: it holds what web leases to it, says so every two seconds, and is drained when it is told to end.

Web alone decides who serves what. While there is no connection to web all that stands goes on; what is true is then
said by the answer to the next beat.
"""

import asyncio
import logging
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from app.kernel import media_token
from app.kernel.clock import Clock
from app.media import health, works
from app.media.connection import Away, Connection, Refusal
from app.media.health import Standing
from app.media.ladder import Ladder
from app.media.room import Room
from app.media.tally import Tally
from app.media.uploading import Uploads
from app.media.work import Lease, Outside, WorkKind

log = logging.getLogger(__name__)

BEAT_SECONDS = 2.0
DRAIN_SECONDS = 7.0  # the supervisor waits ten


@dataclass(frozen=True)
class Settings:
    """`host`: the address that calls reach this program at, None for all of this machine; `health_port` 0 for no page.

    `certificate` is that of web where no authority vouches for it.
    """

    name: str
    web_url: str
    certificate: Path | None
    key: bytes
    spool: Path
    host: str | None
    health_port: int
    ladder: Ladder


class Program:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._tally = Tally()
        self._run_id = secrets.token_hex(4)
        self._rooms: dict[str, Room] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._due, self._stop, self._changed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._is_draining = False
        self._load = _Load()
        token_key = media_token.key_of(settings.key)

        def token() -> str:
            return media_token.issue(token_key, settings.name, clock.now())

        self._connection = Connection(settings.web_url, settings.certificate, token, self._opened, self._heard)
        self._uploads = Uploads(settings.web_url, settings.certificate, token, settings.spool, settings.key)
        self._uploads.on_state = self._tell_what_became
        self._outside = Outside(self._connection.emit, clock, settings.ladder, self._tally, self._uploads)
        self._telling: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT, and what has to be brought to an end then."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        page = await self._page()
        going = [asyncio.ensure_future(step) for step in (self._connection.keep(), self._beat(), self._uploads.run())]
        ending = asyncio.ensure_future(self._stop.wait())
        done, _ = await asyncio.wait([*going, ending], return_when=asyncio.FIRST_COMPLETED)
        for step in done - {ending}:
            step.result()  # it never returns: what it raised ends the program
        await self._drain()
        await self._connection.close()
        for task in going:
            task.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        if page is not None:
            await page.cleanup()

    def _standing(self) -> Standing:
        participants = sum(len(room.participants) for room in self._rooms.values())
        return Standing(
            self._connection.is_open, self._is_draining, len(self._rooms), participants, self._load.permille,
            self._uploads.waiting,
        )  # fmt: skip

    async def _page(self) -> web.AppRunner | None:
        port = self._settings.health_port
        return await health.serve(port, self._tally, self._standing) if port else None

    def _opened(self) -> None:
        """Web knows nothing of our seats after a connection was lost: they are taken again."""
        for room in self._rooms.values():
            room.is_seated = False
        self._due.set()

    def _heard(self, event: str, payload: dict[str, Any]) -> None:
        if event == "serve":
            self._due.set()
            return
        for room in self._rooms.values():
            if room.lease.room == payload.get("call"):
                room.signal(payload) if event == "signal" else room.news(payload)

    async def _beat(self) -> None:
        while True:
            self._due.clear()
            if self._connection.is_open:
                await self._say_and_obey()
            try:
                await asyncio.wait_for(self._due.wait(), BEAT_SECONDS)
            except TimeoutError:
                continue

    async def _say_and_obey(self) -> None:
        known = {lease_id: [each.seat for each in room.participants] for lease_id, room in self._rooms.items()}
        said = {"calls": len(self._rooms), "load_permille": self._load.measure(), "draining": self._is_draining}
        try:
            told = await self._connection.emit("media_beat", said)
        except Refusal as refused:
            log.error("web refuses the beat: %s; connecting anew", refused.code)
            await asyncio.sleep(BEAT_SECONDS)
            await self._connection.renew()
        except Away as away:
            log.info("%s; connecting anew", away)
            await self._connection.renew()
        else:
            leases = {str(each["lease"]): each for each in told["leases"]}
            for lease_id in self._rooms.keys() & leases.keys():
                if self._rooms[lease_id].lease.kind is WorkKind.BRIDGE:
                    self._rooms[lease_id].keep(leases[lease_id]["ends"], known.get(lease_id, ()))
            await self._reconcile(leases)

    async def _reconcile(self, leases: dict[str, dict[str, Any]]) -> None:
        """Begin what is new, drop what is gone, sit where we don't."""
        for lease_id in self._rooms.keys() - leases.keys():
            self._close(self._rooms.pop(lease_id))
        for lease_id, each in leases.items():
            if lease_id not in self._rooms and not self._is_draining:
                works.prepare(self._settings.host)
                lease = Lease.read(each)
                self._rooms[lease_id] = Room(lease, f"{self._run_id}{lease_id}"[:36], self._outside, works.make)
            room = self._rooms.get(lease_id)
            if room is not None and not room.is_seated:
                await self._sit(room, each)
        self._changed.set()

    async def _sit(self, room: Room, told: dict[str, Any]) -> None:
        try:
            await room.sit(told)
        except Refusal as refused:  # it is over, or another's by now: the next beat says so
            log.info("no seat in %s: %s", room.lease.room, refused.code)
        except Away as away:
            log.info("no seat in %s yet: %s", room.lease.room, away)

    def _close(self, room: Room) -> None:
        task = asyncio.ensure_future(room.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _tell_what_became(self, about: dict[str, Any], state: str, upload: str | None) -> None:
        """Of a message that was left: web shows it to whoever left it."""
        told = {"call": about["call"], "seat": about["seat"], "state": state, **({"upload": upload} if upload else {})}
        task = asyncio.ensure_future(self._tell("answering", told))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def _tell(self, event: str, told: dict[str, Any]) -> None:
        try:
            await self._connection.emit(event, told)
        except (Away, Refusal) as lost:  # a hint alone: the message stands in the thread
            log.debug("web doesn't hear %s: %s", told["state"], lost)

    async def _drain(self) -> None:
        """Say that nothing new is wanted, hand over what another can take, and leave."""
        log.info("draining")
        self._is_draining = True
        give_up = time.monotonic() + DRAIN_SECONDS
        self._due.set()
        await self._handed_over(give_up - DRAIN_SECONDS / 2)
        left = list(self._rooms.values())
        for room in left:
            self._close(room)
        if self._closing:
            await asyncio.wait(self._closing, timeout=max(0.0, give_up - time.monotonic()))
        await self._uploads.settle(give_up - time.monotonic())
        await asyncio.gather(*(room.leave() for room in left))

    async def _handed_over(self, give_up: float) -> None:
        """Until another program has our bridges, or it has taken too long. What is said alone is brought to its end."""
        while self._has_bridges() and self._connection.is_open and (left := give_up - time.monotonic()) > 0:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), left)
            except TimeoutError:
                return

    def _has_bridges(self) -> bool:
        return any(room.lease.kind is WorkKind.BRIDGE for room in self._rooms.values())


class _Load:
    """How much of one core this process takes, over the time between two looks."""

    def __init__(self) -> None:
        self.permille = 0
        self._at, self._used = time.monotonic(), time.process_time()

    def measure(self) -> int:
        at, used = time.monotonic(), time.process_time()
        if at - self._at >= BEAT_SECONDS / 4:
            self.permille = min(1_000, round(1000 * (used - self._used) / (at - self._at)))
            self._at, self._used = at, used
        return self.permille
