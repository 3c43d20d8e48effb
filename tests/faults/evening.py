"""An evening as a media program sees it: a bridge with guests who come and go, a message, a line check."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from app.calls.words import CallState
from app.web.models import PrincipalKind
from tests.browser.village import Village
from tests.media.far_end import FarEnd, spoken, token, until
from tests.media.stage import beat, connected, heard_program

COMINGS = 3  # of each guest
SECONDS = 0.4  # for which each one speaks
UNANSWERED = timedelta(minutes=3, seconds=5)


@cache
def _words() -> list[bytes]:
    return spoken(SECONDS)


class Evening:
    """Calls begin ten and forty minutes after `begins_at`; what was done is counted."""

    def __init__(self, village: Village, guests: Sequence[str], begins_at: datetime) -> None:
        self._village, self._guests, self._begins_at = village, guests, begins_at
        self.joined = self.messages = self.line_checks = 0

    async def run(self) -> None:
        for minutes, part in ((10, self._bridge), (40, self._message), (60, self._line_check)):
            starts_at = self._begins_at + timedelta(minutes=minutes)
            self._village.move_clock_to(starts_at - timedelta(minutes=1))
            await part(starts_at)
        self._village.move_clock_to(self._begins_at + timedelta(hours=2))

    async def _phone(self, who: str) -> FarEnd:
        end = FarEnd(self._village, "phone", token(self._village, PrincipalKind.PERSON, who, None))
        await end.connect()
        await beat(end)
        return end

    async def _bridge(self, starts_at: datetime) -> None:
        """The guests come, talk and go, again and again; mother stays."""
        home = self._village.scene.alice
        call = self._village.scene.book(home, starts_at)
        self._village.move_clock_to(starts_at)
        await until(lambda: self._village.scene.call(call).state is CallState.RINGING)
        await heard_program(self._village)
        mother, *guests = ends = [await self._phone(who) for who in (home.parent, *self._guests)]
        for end in ends:
            await end.sit(call)
        seats = [await end.media_seat() for end in ends]
        await mother.offer(seats[0])
        for _ in range(COMINGS):
            for guest, seat in zip(guests, seats[1:], strict=True):
                await guest.offer(seat)
            self.joined += len(guests)
            await asyncio.gather(*(end.speak(_words()) for end in ends))
            for guest in guests:
                assert guest.pc is not None
                await guest.pc.close()
        assert mother.voice, "the guests are heard"
        await self._gone(call, *ends)

    async def _message(self, starts_at: datetime) -> None:
        home = self._village.scene.alice
        call = self._village.scene.book(home, starts_at)
        self._village.move_clock_to(starts_at)
        mother = await self._phone(home.parent)
        await mother.sit(call)
        self._village.move_clock_to(starts_at + UNANSWERED)
        await heard_program(self._village)
        await beat(mother)
        await connected(mother)
        await mother.word("ready")
        mother.words.clear()
        mother.say(record=True)
        await mother.word("recording")
        await mother.speak(_words() * 4)  # one that is too short is not kept
        mother.say(record=False)
        await mother.word("kept")
        self.messages += 1
        await self._gone(call, mother)

    async def _line_check(self, _: datetime) -> None:
        """Begun, and given up in the middle."""
        await heard_program(self._village)
        mother = await self._phone(self._village.scene.alice.parent)
        begun = await mother.emit("check_line", {"page": "a page"})
        mother.seat = {"call": begun["line_check"]}
        await mother.offer(begun["to"])
        await mother.speak(_words())
        await mother.emit("leave_line_check", {"line_check": begun["line_check"]})
        self.line_checks += 1
        await mother.close()

    async def _gone(self, call: str, *ends: FarEnd) -> None:
        for end in ends:
            await end.emit("leave_seat", {"call": call, "reason": "hang_up"})
            await end.close()
