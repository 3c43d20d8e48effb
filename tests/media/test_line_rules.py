"""What a line that was tried is good for, and how a microphone was heard."""

import json
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from app.kernel.levels import VoiceLevel
from app.media import line_rules
from app.media.line_rules import Arrival, Measured, Train
from tests.media.replay import LADDER

CASES = json.loads((Path(__file__).parent / "line_cases.json").read_text("utf-8"))["cases"]
PACKET = 1_193
SECOND = 48_000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_verdict(case: Mapping[str, Any]) -> None:
    measured = Measured(**{name: case[name] for name in ("rtt_ms", "jitter_ms", "loss", "up_kbps", "down_kbps")})
    assert line_rules.rung_of(LADDER, measured) == case["rung"]


def arrivals(kbps: float, places: range | list[int], late_ms: Mapping[int, float] | None = None) -> list[Arrival]:
    each_ms, late = PACKET * 8 / kbps, late_ms or {}
    return [Arrival(place, place * each_ms + sum(ms for at, ms in late.items() if at <= place)) for place in places]


@pytest.mark.parametrize("kbps", [8, 20, 64, 128, 300, 1_000])
def test_how_far_apart_packets_arrive_is_the_rate(kbps: float) -> None:
    assert line_rules.rate_kbps(arrivals(kbps, range(5)), PACKET, 300) == pytest.approx(kbps)


def test_what_was_lost_took_its_time_too() -> None:
    assert line_rules.rate_kbps(arrivals(64, [0, 2, 4]), PACKET, 300) == pytest.approx(64)


def test_packets_may_overtake_each_other() -> None:
    assert line_rules.rate_kbps(arrivals(64, [3, 0, 2, 1]), PACKET, 300) == pytest.approx(64)


def test_a_senders_pause_is_left_out() -> None:
    assert line_rules.rate_kbps(arrivals(128, range(7), {3: 400}), PACKET, 300) == pytest.approx(128)


def test_a_line_that_falters_is_no_pause_of_the_sender() -> None:
    faltering = line_rules.rate_kbps(arrivals(128, range(7), {3: 100}), PACKET, 300)
    assert faltering is not None
    assert faltering < 110


def test_one_packet_says_nothing_and_packets_at_once_say_as_much_as_can_be() -> None:
    assert line_rules.rate_kbps(arrivals(64, [2]), PACKET, 300) is None
    assert line_rules.rate_kbps([Arrival(0, 5.0), Arrival(1, 5.0)], PACKET, 300) == line_rules.MOST_KBPS


def test_a_thin_line_is_sent_little() -> None:
    assert line_rules.next_train(0, None) == Train(4, 400)
    assert line_rules.next_train(1, 20) is None
    assert line_rules.next_train(1, None) is None
    assert line_rules.next_train(1, 64) == Train(4, 1_000)
    assert line_rules.next_train(2, 64) is None
    assert line_rules.next_train(2, 300) == Train(5, 1_100)
    assert line_rules.next_train(3, 900) is None


def test_one_packet_of_a_few_is_no_loss() -> None:
    assert line_rules.loss_of(8, 4) is None
    assert line_rules.loss_of(20, 1) == 0
    assert line_rules.loss_of(20, 5) == pytest.approx(0.2)
    assert line_rules.loss_of(100, 3) == pytest.approx(0.03)


def test_jitter_is_how_one_round_trip_differs_from_the_next() -> None:
    assert line_rules.jitter_of([100, 120, 100]) == pytest.approx(20)
    assert line_rules.jitter_of([100]) is None


def voice(peak: float, share: float = 0.6) -> list[int]:
    """Two seconds of a room, in which somebody makes a sound like a vowel."""
    chance = random.Random(4)
    shape = [math.sin(at / 55) * 0.6 + math.sin(at / 21) * 0.4 for at in range(2 * SECOND)]
    spoken = [each * peak if at < 2 * SECOND * share else 0.0 for at, each in enumerate(shape)]
    return [max(-32_768, min(32_767, round(each * 32_768 + chance.gauss(0, 20)))) for each in spoken]


@pytest.mark.parametrize(
    ("peak", "level"),
    [(0.3, "good"), (0.9, "good"), (2.5, "clipping"), (0.015, "quiet"), (0, "silent")],
)  # fmt: skip
def test_how_a_microphone_is_heard(peak: float, level: str) -> None:
    assert line_rules.level_of(line_rules.loudness_of(voice(peak))) == level


def test_somebody_who_never_stops_is_heard_too() -> None:
    assert line_rules.level_of(line_rules.loudness_of(voice(0.3, share=1))) is VoiceLevel.GOOD


def test_a_click_is_no_voice() -> None:
    click = [0] * 10_000 + [30_000] * 480 + [0] * 60_000
    assert line_rules.level_of(line_rules.loudness_of(click)) is VoiceLevel.SILENT


def test_nothing_heard_is_silence() -> None:
    assert line_rules.level_of([]) is VoiceLevel.SILENT
