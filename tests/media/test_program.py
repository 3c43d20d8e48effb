"""The media program as a process: let in or not, killed, told to end, cut off from web; and its page."""

import asyncio
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.calls.words import CallState
from app.media.program import BEAT_SECONDS
from app.web.models import PrincipalKind
from tests.browser.village import Village, open_village
from tests.calls.media_stage import allow_messages, another_parent, withdraw
from tests.media.far_end import HOST, FarEnd, spoken, token, until
from tests.media.stage import CALL_AT, beat, connected_programs, heard_program, holder, parent_waits, run
from tests.scene import at
from tests.services.ports import free_port

OUT_SECONDS = 2.0


@pytest.fixture
def village(tmp_path: Path, sqlite_url: str) -> Iterator[Village]:
    running = open_village(tmp_path, sqlite_url, at(19, 59), MEDIA_HOST=HOST)
    allow_messages(running.scene, running.scene.alice)
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


def page(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=2) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def figure(port: int, name: str) -> float:
    lines = page(port, "metrics")[1].splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"homethread_media_{name} "))


async def again(mother: FarEnd) -> None:
    """The seat is another program's, or another epoch of the same: connect anew, as browsers do."""
    news = await mother.event("peer", lambda p: p["side"] == "media" and p["state"] in ("seated", "back"))
    await mother.offer(news["seat"])
    await mother.word("ready")


def test_its_page_says_how_it_stands(village: Village) -> None:
    port = free_port()
    village.settings["MEDIA_PORT"] = str(port)
    village.start("media")

    async def story() -> None:
        await connected_programs(village, 1)
        await until(lambda: page(port, "healthz") == (200, "ok\n"))  # heard of by web before it knows so itself
        idle = figure(port, "resident_memory_bytes")
        mother = await parent_waits(village)
        await mother.word("ready")
        await mother.speak(spoken(0.6))
        assert figure(port, "calls") == figure(port, "participants") == 1
        assert figure(port, 'packets_in_total{kind="audio"}') >= 5
        assert figure(port, "resident_memory_bytes") > idle, "WebRTC is loaded by the first work"
        village.kill("web")
        await until(lambda: page(port, "healthz") == (503, "not connected to web\n"))
        await mother.close()

    run(village, story())


def test_with_another_key_it_is_not_let_in_and_keeps_asking(village: Village) -> None:
    village.settings["SECRET_KEY"] = "ab" * 32
    village.start("media")

    async def story() -> None:
        log = village.folder / "media.log"
        await until(lambda: log.exists() and log.read_text().count("not_signed_in") >= 2)
        await connected_programs(village, 0)
        assert "ab" * 32 not in log.read_text()

    run(village, story())


def test_it_parts_from_a_guest_whose_stay_was_ended_and_not_from_who_lost_the_socket(village: Village) -> None:
    """The worker that ends it can tell nobody."""
    father_id = another_parent(village.scene, village.scene.alice, "Father", 1)
    village.start("media")

    async def story() -> None:
        await connected_programs(village, 1)
        call = village.scene.book(village.scene.alice, CALL_AT)
        village.move_clock_to(CALL_AT)
        await until(lambda: village.scene.call(call).state is CallState.RINGING)
        await heard_program(village)
        mother, father = (
            FarEnd(village, "phone", token(village, PrincipalKind.PERSON, who, None))
            for who in (village.scene.alice.parent, father_id)
        )
        for each in (mother, father):
            await each.connect()
            await each.sit(call)
            await beat(each)
        for each in (mother, father):
            await each.offer(await each.media_seat())
        channels = [each.channel for each in (mother, father) if each.channel]
        await mother.socket.disconnect()
        await asyncio.sleep(BEAT_SECONDS + 0.5)
        assert [each.readyState for each in channels] == ["open", "open"]
        withdraw(village.scene, father_id)
        await until(lambda: channels[1].readyState == "closed", OUT_SECONDS)
        assert channels[0].readyState == "open"
        for each in (mother, father):
            await each.close()

    run(village, story())


class TestOneOfTwo:
    def test_killed_the_other_goes_on_within_five_seconds(self, village: Village) -> None:
        village.start("media")

        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await mother.word("ready")
            village.start("media2")
            await connected_programs(village, 2)
            first = holder(village)
            village.kill("media")
            await asyncio.wait_for(again(mother), 5)
            assert holder(village) != first
            await mother.close()

        run(village, story())

    def test_told_to_end_it_lets_the_other_go_on(self, village: Village) -> None:
        village.start("media")

        async def story() -> None:
            await connected_programs(village, 1)
            mother = await parent_waits(village)
            await mother.word("ready")
            village.start("media2")
            await connected_programs(village, 2)
            program = village.programs.pop("media")
            program.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(program.wait, 10) == 0
            await again(mother)
            await mother.close()

        run(village, story())


@pytest.mark.long
def test_killed_alone_the_next_one_goes_on(village: Village) -> None:
    village.start("media")

    async def story() -> None:
        await connected_programs(village, 1)
        mother = await parent_waits(village)
        await mother.word("ready")
        village.kill("media")
        village.start("media")
        await again(mother)
        await mother.close()

    run(village, story())


@pytest.mark.long
def test_web_is_killed_and_what_stands_goes_on_by_itself(village: Village) -> None:
    village.start("media")

    async def story() -> None:
        await connected_programs(village, 1)
        mother = await parent_waits(village)
        await mother.word("ready")
        village.kill("web")
        mother.say(record=True)
        await mother.word("recording", seconds=0)
        await asyncio.to_thread(village.start, "web")
        await connected_programs(village, 1)
        mother.say(discard=True)
        await mother.word("ready")
        await mother.close()

    run(village, story())
