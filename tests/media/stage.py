"""A village with media programs for tests: real programs, and the far ends of its people."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import select

from app.calls.media_models import MediaLease
from app.messages.models import Message
from app.web import media_programs
from app.web.models import MediaProgram, PrincipalKind
from tests.browser.village import Village
from tests.media.far_end import FarEnd, token, until
from tests.scene import at

CALL_AT = at(20)


def run(village: Village, story: Coroutine[Any, Any, None], seconds: float = 60) -> None:
    """Tell it; what the programs logged goes with a failure."""
    try:
        asyncio.run(asyncio.wait_for(story, seconds))
    except BaseException as failure:
        failure.add_note(village.logs()[-6_000:])
        raise


async def parent_waits(village: Village) -> FarEnd:
    """Alice's mother is in a call that nobody has answered for three minutes; she is connected to its machine."""
    call = village.scene.book(village.scene.alice, CALL_AT)
    mother = FarEnd(village, "phone", token(village, PrincipalKind.PERSON, village.scene.alice.parent, None))
    await mother.connect()
    await mother.sit(call)
    village.move_clock_to(at(20, 3))
    await beat(mother)
    await connected(mother)
    return mother


async def beat(end: FarEnd) -> None:
    await end.emit("beat", {"page": "call", "visible": True})


async def connected(end: FarEnd) -> None:
    await end.offer(await end.media_seat())


async def connected_programs(village: Village, count: int) -> None:
    """Wait until so many media programs are let in."""

    def are_in() -> bool:
        with village.scene.database.read() as session:
            there = session.scalars(select(MediaProgram).where(MediaProgram.sid.is_not(None))).all()
            return len(there) == count

    await until(are_in)


async def heard_program(village: Village) -> None:
    """Wait until a media program was heard of by the village's clock, which may have been moved."""

    def is_heard() -> bool:
        with village.scene.database.read() as session:
            return any(media_programs.is_heard(each, village.now()) for each in session.scalars(select(MediaProgram)))

    await until(is_heard)


async def message_of(village: Village, state: str = "due") -> Message:
    def found() -> Message | None:
        with village.scene.database.read() as session:
            return session.scalar(select(Message).where(Message.state == state))

    taken: Message = await until(found)
    return taken


def holder(village: Village) -> str | None:
    """The name of the program that serves the call."""
    with village.scene.database.read() as session:
        held = select(MediaProgram.name).join(MediaLease, MediaLease.program_id == MediaProgram.id)
        return session.scalar(held.where(MediaLease.ended_at.is_(None)))
