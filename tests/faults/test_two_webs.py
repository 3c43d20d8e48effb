"""A bridge of three whose ends stand on two web processes, with PostgreSQL and Redis between them.

News of seats, signals and the hint `serve` cross from one to the other; so does a call that another media program takes
up because the first is gone.
"""

import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.calls.words import CallState
from app.kernel import media_token
from app.web.models import PrincipalKind
from tests.browser.village import Village, open_village
from tests.calls.media_stage import another_parent
from tests.media.far_end import HOST, FarEnd, spoken, token, until
from tests.media.stage import CALL_AT, connected_programs, heard_program, run
from tests.scene import at
from tests.services.ports import free_port

KEY, MESSAGE_KEY = "ab" * 32, "cd" * 32
READY_SECONDS = 20
OFFER = {"type": "offer", "sdp": "v=0"}
AT_EASE = {"calls": 0, "load_permille": 0, "draining": False}
BACK_SECONDS = 5


@pytest.fixture
def village(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Village]:
    running = open_village(
        tmp_path, postgres_url, at(19, 59), REDIS_URL=redis_url, SECRET_KEY=KEY, MESSAGE_KEYS=MESSAGE_KEY,
        MEDIA_HOST=HOST,
    )  # fmt: skip
    yield running
    running.stop()
    log = running.logs()
    assert "Traceback" not in log, log


@pytest.fixture
def there(village: Village) -> str:
    """The address of a second web process of the same village."""
    port = free_port()
    village.settings["PORT"] = str(port)
    village.start("web2")
    del village.settings["PORT"]
    url, give_up = f"http://{HOST}:{port}", time.monotonic() + READY_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
        except OSError:
            assert time.monotonic() < give_up, village.logs()
            time.sleep(0.05)
        else:
            return url


def other_than(seat: str, state: str = "seated") -> Any:
    """News of a media program's seat that is another than this one, or another epoch of it."""
    return lambda news: news["side"] == "media" and news["seat"] != seat and news["state"] in (state, "back")


async def hears_of(end: FarEnd, side: str) -> str:
    """The seat of this side, known from the first answer or told since."""
    for peer in end.seat["peers"]:
        if peer["side"] == side:
            return str(peer["seat"])
    return str((await end.event("peer", lambda news: news["side"] == side and news["state"] == "seated"))["seat"])


async def signals(sender: FarEnd, to: FarEnd) -> None:
    await sender.emit("signal", {"call": sender.seat["call"], "to": to.seat["seat"], "description": OFFER})
    heard = await to.event("signal", lambda signal: signal["from"] == sender.seat["seat"])
    assert heard["side"] == sender.seat["side"]


async def connected(ends: list[FarEnd], seats: list[str]) -> None:
    for end, seat in zip(ends, seats, strict=True):
        await end.offer(seat)


async def heard_by(ends: list[FarEnd], speaker: FarEnd) -> None:
    for end in ends:
        end.voice.clear()
    await speaker.speak(spoken(1.2))
    await until(lambda: all(len(end.voice) > 5 for end in ends))


def machine_here(village: Village) -> FarEnd:
    """A media program that is a socket alone."""
    key = media_token.key_of(bytes.fromhex(KEY))
    return FarEnd(village, "media", media_token.issue(key, "socket-alone", village.now()))


async def rings(village: Village) -> str:
    """Alice's call, from the minute on at which it begins."""
    call = village.scene.book(village.scene.alice, CALL_AT)
    village.move_clock_to(CALL_AT)
    await until(lambda: village.scene.call(call).state is CallState.RINGING)
    return call


async def is_bridged_by(machine: FarEnd, ends: list[FarEnd], call: str) -> None:
    """It is asked to serve, and every end hears of it and is heard."""
    await machine.event("serve")
    (lease,) = (await machine.emit("media_beat", AT_EASE))["leases"]
    await machine.sit(call)
    assert (lease["kind"], set(lease["ends"])) == ("bridge", {each.seat["seat"] for each in ends})
    for each in ends:
        assert await hears_of(each, "media") == machine.seat["seat"]
        await signals(each, machine)
        await signals(machine, each)


def test_three_ends_on_two_web_processes_are_one_call(village: Village, there: str) -> None:
    alice = village.scene.alice
    father_id = another_parent(village.scene, alice, "Father", 1)

    async def story() -> None:
        call = await rings(village)
        mother = FarEnd(village, "phone", token(village, PrincipalKind.PERSON, alice.parent, None))
        child = FarEnd(
            village, "terminal", token(village, PrincipalKind.TERMINAL, alice.terminal, alice.village), there
        )
        father = FarEnd(village, "phone", token(village, PrincipalKind.PERSON, father_id, None), there)
        machine, ends = machine_here(village), [mother, child, father]
        for each in (*ends, machine):
            await each.connect()

        for each in (mother, child):
            await each.sit(call)
        assert await hears_of(mother, "village") == child.seat["seat"]
        await signals(mother, child)
        await signals(child, mother)
        await father.sit(call)
        await is_bridged_by(machine, ends, call)

        village.settings["MEDIA_WEB_URL"] = there
        village.start("media")
        await connected_programs(village, 2)
        gone_at = time.monotonic()
        await machine.close()
        news = [await each.event("peer", other_than(machine.seat["seat"])) for each in ends]
        await connected(ends, [each["seat"] for each in news])
        assert time.monotonic() - gone_at < BACK_SECONDS
        await heard_by([mother, father], child)
        await heard_by([child, father], mother)
        for each in ends:
            await each.close()

    run(village, story())


def test_one_web_process_is_killed_and_its_ends_come_back_by_the_other(village: Village, there: str) -> None:
    """The media program goes on by the other, and what stands between it and the ends goes on by itself."""
    alice = village.scene.alice
    father_id = another_parent(village.scene, alice, "Father", 1)
    village.start("media")

    async def story() -> None:
        await connected_programs(village, 1)
        call = await rings(village)
        await heard_program(village)
        secret = token(village, PrincipalKind.PERSON, father_id, None)
        mother = FarEnd(village, "phone", token(village, PrincipalKind.PERSON, alice.parent, None))
        father = FarEnd(village, "phone", secret, there)
        for each in (mother, father):
            await each.connect()
            await each.emit("beat", {"page": "call", "visible": True})
        await mother.sit(call)
        await father.sit(call)
        ends = [mother, father]
        bridge, _ = seats = [await hears_of(each, "media") for each in ends]
        await connected(ends, seats)
        await heard_by([mother], father)

        village.kill("web2")
        await heard_by([mother], father)
        again = FarEnd(village, "phone", secret)
        await again.connect()
        await again.sit(call)
        assert again.seat["seat"] == father.seat["seat"], "the same page goes on in its seat"
        assert await hears_of(again, "media") == bridge
        await heard_by([father], mother)
        for each in (mother, again, father):
            await each.close()

    run(village, story())
