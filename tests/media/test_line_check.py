"""A line check's work, over lines of every rate: what it finds, what it may cost, and what a person hears of it.

The clock leaps; the real channels, and a real browser, are those of `tests/browser/test_line_check.py`.
"""

import asyncio
import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any, cast

import pytest

from app.kernel.levels import VoiceLevel
from app.media import line_check
from app.media.connection import Away, Refusal
from app.media.line_check import MOST_BYTES, LineCheck
from app.media.line_echo import DELAY_SECONDS
from app.media.work import Lease, Outside, WorkKind
from tests.media.replay import LADDER
from tests.media.skipping import run_skipping
from tests.media.thin_line import PACKET_MS, ThinLine, packets

LEASE = Lease("lease", WorkKind.LINE_CHECK, "check", "en")


class Web:
    """What is told to web; the first times it can't be reached."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.told: list[tuple[str, dict[str, Any]]] = []

    async def emit(self, event: str, payload: dict[str, Any]) -> dict[str, Any]:
        if self.failures:
            raise self.failures.pop(0)
        self.told.append((event, payload))
        return {}


def vowel(peak: float, seconds: float = 5, share: float = 0.5) -> Sequence[int]:
    """Somebody makes a sound for a part of each second."""
    times = range(round(seconds * 48_000))
    said = ((math.sin(at / 55) * 0.6 + math.sin(at / 21) * 0.4) * (at % 48_000 < 48_000 * share) for at in times)
    return [max(-32_768, min(32_767, round(peak * 32_768 * each))) for each in said]


@pytest.fixture(scope="module")
def voice() -> list[bytes]:
    return packets(vowel(0.4))


def check(line: ThinLine, web: Web | None = None) -> Web:
    """One check over this line, from the connection to the end."""
    web = web or Web()
    outside = cast(Outside, type("Outside", (), {"emit": staticmethod(web.emit), "ladder": LADDER}))

    async def story() -> None:
        work = LineCheck(LEASE, outside)
        running = asyncio.ensure_future(work.run())
        work.join(line)  # type: ignore[arg-type]
        await running

    run_skipping(story())
    return web


@pytest.mark.parametrize(
    ("kbps", "rtt_ms", "loss", "rungs"),
    [
        (10_000, 10, 0, {"video"}),
        (330, 150, 0.01, {"video"}),
        (200, 150, 0.01, {"thin_video"}),
        (128, 300, 0.03, {"thin_video"}),
        (64, 300, 0.03, {"micro_video"}),
        (48, 500, 0.03, {"stills"}),
        (32, 500, 0.05, {"stills"}),
        (20, 500, 0, {"voice", "thin_voice"}),
        (12, 500, 0, {"thin_voice"}),
        (6, 800, 0, {"clips"}),
    ],
)
def test_what_a_line_is_good_for_within_its_bytes(
    kbps: float, rtt_ms: float, loss: float, rungs: set[str], voice: list[bytes]
) -> None:
    for seed in range(5):
        line = ThinLine(kbps, rtt_ms, loss, microphone=voice, seed=seed)
        web = check(line)
        ((event, told),) = web.told
        assert event == "line_checked"
        assert told["rung"] in rungs, (seed, told, line.stages)
        assert line.verdict == {name: value for name, value in told.items() if name != "line_check"}
        assert line.wire_bytes + line_check.LEFT_OVER_BYTES < MOST_BYTES
        if 10 < kbps < 400:
            assert told["down_kbps"] == pytest.approx(kbps, rel=0.12)
            assert told["rtt_ms"] == pytest.approx(rtt_ms, abs=60 + 1_500 / kbps)  # each packet takes its time


def test_a_thin_line_is_spared(voice: list[bytes]) -> None:
    thin, thinner = ThinLine(20, 500, microphone=voice), ThinLine(8, 500, microphone=voice)
    check(thin)
    check(thinner)
    assert thin.wire_bytes < 30_000
    assert thinner.wire_bytes < 12_000
    assert "voice" not in thinner.stages
    assert thinner.verdict is not None
    assert thinner.verdict["level"] == VoiceLevel.UNKNOWN


@pytest.mark.parametrize(("peak", "level"), [(0.4, "good"), (3.0, "clipping"), (0.012, "quiet"), (0.0, "silent")])
def test_the_microphone_is_judged_by_what_is_decoded(peak: float, level: str) -> None:
    line = ThinLine(500, 100, microphone=packets(vowel(peak)))
    check(line)
    assert line.verdict is not None
    assert line.verdict["level"] == level


def test_one_hears_oneself_two_seconds_later() -> None:
    line = ThinLine(500, 200, microphone=packets(vowel(0.4, share=1)))
    check(line)
    heard = [at for at, _stamp in line.heard]
    stamps = [stamp for _at, stamp in line.heard]
    assert len(heard) >= 4_000 / PACKET_MS - 2
    assert stamps == sorted(stamps)
    steps = [after - before for before, after in pairwise(heard)]
    assert max(steps) < PACKET_MS / 1_000 + 0.05
    assert DELAY_SECONDS == 2


def test_who_speaks_late_is_listened_to_once_more_and_a_quiet_room_is_not_given_back() -> None:
    """At a fast line too, where most bytes went to find that out."""
    chance = Random(1)
    room = [round(chance.gauss(0, 25)) for _ in range(round(4.3 * 48_000))]
    line = ThinLine(10_000, 20, microphone=packets([*room, *vowel(0.4)]))
    check(line)
    assert line.verdict is not None
    assert line.verdict["level"] == VoiceLevel.GOOD
    assert line.stages.count("voice") == 2
    assert 10 <= len(line.heard) <= 20, "what was said, and not the room"
    assert line.wire_bytes + line_check.LEFT_OVER_BYTES < MOST_BYTES

    quiet = ThinLine(10_000, 20, microphone=packets(room))
    check(quiet)
    assert quiet.verdict is not None
    assert quiet.verdict["level"] == VoiceLevel.SILENT
    assert not quiet.heard


def test_without_a_microphone_the_line_alone_is_tried() -> None:
    line = ThinLine(500, 100)
    ((_event, told),) = check(line).told
    assert told["level"] == VoiceLevel.UNKNOWN
    assert told["rung"] == "video"
    assert "voice" not in line.stages
    assert line.wire_bytes < 40_000


def test_web_is_told_again_where_it_could_not_be_reached() -> None:
    assert len(check(ThinLine(500, 100), Web(Away("gone"), Away("gone"))).told) == 1
    assert check(ThinLine(500, 100), Web(Refusal("not_found"))).told == []


def test_a_browser_that_says_nothing_is_given_up() -> None:
    line = ThinLine(500, 100)
    line.is_dumb = True
    assert check(line).told == []


def test_who_leaves_in_the_middle_is_reported_on_only_once_something_is_known(voice: list[bytes]) -> None:
    for leaves_after, is_told in ((2.0, False), (9.0, True)):
        web, line = Web(), ThinLine(500, 100, microphone=voice)
        outside = cast(Outside, type("Outside", (), {"emit": staticmethod(web.emit), "ladder": LADDER}))

        async def story(seconds: float, outside: Outside = outside, line: ThinLine = line) -> None:
            work = LineCheck(LEASE, outside)
            running = asyncio.ensure_future(work.run())
            work.join(line)  # type: ignore[arg-type]
            await asyncio.sleep(seconds)
            work.part(line)  # type: ignore[arg-type]
            await running

        run_skipping(story(leaves_after))
        assert bool(web.told) is is_told


@pytest.mark.parametrize(
    "word", ["", "null", "[]", "{", '{"came": 0, "at": [[0, "x"], 3, [99, 1], [true, 2]]}', '{"sent": {}}']
)
def test_what_a_browser_says_wrongly_does_no_harm(word: str) -> None:
    line = ThinLine(500, 100)
    hear = line.hear

    def listens(label: str, hearer: Any) -> None:
        hear(label, hearer)
        for noise in (word, word.encode(), b"", b"\x01", b"\x02\x00", b"\xff" * 40):
            hearer(noise)

    line.hear = listens  # type: ignore[method-assign]
    ((_event, told),) = check(line).told
    assert told["rung"] in ("video", "thin_voice")
