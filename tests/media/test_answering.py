"""A message left over the connection of a call that nobody answers: real web, worker and media program, and an end."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.calls.words import Outcome
from app.messages.words import From
from tests.browser.village import Village, open_village
from tests.calls.media_stage import allow_messages, withdraw_messages
from tests.media.far_end import HOST, FarEnd, spoken, until
from tests.media.stage import beat, connected_programs, holder, message_of, parent_waits, run
from tests.scene import at


@pytest.fixture
def village(tmp_path: Path, sqlite_url: str) -> Iterator[Village]:
    running = open_village(tmp_path, sqlite_url, at(19, 59), MEDIA_HOST=HOST)
    allow_messages(running.scene, running.scene.alice)
    running.start("media")
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


def left_behind(village: Village) -> list[str]:
    spool = village.folder / "media-spool"
    return [path.name for path in spool.iterdir()] if spool.is_dir() else []


async def left_a_message(mother: FarEnd, seconds: float) -> None:
    await mother.word("ready")
    await begun(mother)
    await mother.speak(spoken(seconds))


async def begun(mother: FarEnd) -> None:
    """The tone is over; news of an earlier message would say so too soon."""
    mother.words.clear()
    mother.say(record=True)
    await mother.word("recording")


def test_said_while_the_call_is_missed_it_lands_in_the_thread_and_is_what_became_of_it(village: Village) -> None:
    async def story() -> None:
        await connected_programs(village, 1)
        mother = await parent_waits(village)
        await left_a_message(mother, 0.6)
        assert len(mother.voice) >= 6, "the tone was heard"
        village.move_clock_to(at(20, 10))
        await beat(mother)
        await mother.speak(spoken(1.2))
        await until(lambda: village.scene.call(mother.seat["call"]).outcome is Outcome.MISSED)
        mother.say(record=False)
        kept = await mother.word("kept")
        assert 1 <= kept["seconds"] <= 3
        assert kept["level"] == "good"
        message = await message_of(village)
        assert message.from_ is From.PARENT
        assert message.by == f"person:{village.scene.alice.parent}"
        assert message.duration_ms is not None
        assert 1_500 <= message.duration_ms <= 2_600
        told = await mother.event("answering", lambda said: said["state"] == "kept")
        assert told["call"] == mother.seat["call"]
        await until(lambda: village.scene.call(mother.seat["call"]).outcome is Outcome.MESSAGE)
        assert not left_behind(village)
        await mother.close()

    run(village, story())


def test_what_was_said_is_kept_when_the_line_breaks_and_nothing_unwanted_or_too_short(village: Village) -> None:
    async def story() -> None:
        await connected_programs(village, 1)
        mother = await parent_waits(village)
        await left_a_message(mother, 0.4)
        mother.say(record=False)
        await mother.word("lost")
        await begun(mother)
        await mother.speak(spoken(1.3))
        assert left_behind(village), "sealed while it is said"
        mother.say(discard=True)
        await mother.word("ready")
        await until(lambda: not left_behind(village))
        await begun(mother)
        await mother.speak(spoken(1.5))
        assert mother.pc is not None
        await mother.pc.close()
        message = await message_of(village)
        assert message.duration_ms is not None
        assert 1_200 <= message.duration_ms <= 2_000
        await mother.close()

    run(village, story())


class TestFaults:
    def test_web_is_killed_while_it_is_said_and_the_message_arrives_once(self, village: Village) -> None:
        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await left_a_message(mother, 0.6)
            village.kill("web")
            await mother.speak(spoken(0.9))
            mother.say(record=False)
            await mother.word("kept")
            assert left_behind(village)
            await asyncio.to_thread(village.start, "web")
            await message_of(village)
            await until(lambda: not left_behind(village))
            await mother.close()

        run(village, story())

    def test_the_media_program_is_killed_while_it_is_said_and_the_next_one_brings_it(self, village: Village) -> None:
        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await left_a_message(mother, 2.3)
            village.kill("media")
            (entry,) = left_behind(village)
            assert b"seat" not in (village.folder / "media-spool" / entry).read_bytes()
            village.start("media")
            message = await message_of(village)
            assert message.duration_ms is not None
            assert 1_100 <= message.duration_ms <= 2_500, "all but the last second"
            await until(lambda: not left_behind(village))
            again = await mother.event("peer", lambda p: p["side"] == "media" and p["state"] in ("seated", "back"))
            await mother.offer(again["seat"])
            await mother.word("ready")
            await mother.close()

        run(village, story())

    @pytest.mark.long
    def test_a_program_that_is_told_to_end_brings_what_was_said(self, village: Village) -> None:
        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await left_a_message(mother, 2)
            program = village.programs.pop("media")
            program.send_signal(signal.SIGTERM)
            await mother.word("kept")
            assert await asyncio.to_thread(program.wait, 10) == 0
            await message_of(village)
            await mother.close()

        run(village, story())

    @pytest.mark.long
    def test_when_the_consent_to_messages_is_withdrawn_it_goes_and_nothing_is_kept(self, village: Village) -> None:
        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await left_a_message(mother, 1.5)
            withdraw_messages(village.scene, village.scene.alice)
            await until(lambda: holder(village) is None)
            await until(lambda: not left_behind(village))
            await mother.close()

        run(village, story())
