"""The picker against its table, on links on paper, and against whatever figures may come."""

import math
from itertools import cycle, islice, pairwise
from typing import Any

import pytest

from app.kernel.rungs import RungName
from app.media import picker
from app.media.look import Look
from tests.media.cases import Case, cases, in_runs
from tests.media.replay import LADDER, replay
from tests.media.thin_model import Stretch, lived

MINUTE = 60
GOOD = {
    "rtt_ms": 150,
    "loss_in": 0,
    "loss_out": 0,
    "jitter_ms": 20,
    "received_kbps": 50,
    "sent_kbps": 50,
    "heard": True,
}


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_the_table(case: Case) -> None:
    memory = picker.hold(picker.begin(LADDER, case.start, case.begins_at_ms), case.held)
    picked = []
    for seen in case.looks:
        memory, rung, reason, is_lossy = picker.pick(LADDER, memory, Look.of(seen))
        picked.append((rung, reason, is_lossy))
    assert in_runs(picked) == in_runs(case.picked)


def rungs_on(*stretches: Stretch, start: str = "micro_video", seed: int = 1) -> list[str]:
    return [rung for _seen, rung in lived(LADDER, start, list(stretches), seed)]


def most_seconds(rungs: list[str]) -> str:
    return max(set(rungs), key=rungs.count)


def falls(rungs: list[str]) -> int:
    return sum(RungName(after).depth > RungName(before).depth for before, after in pairwise(rungs))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("start", ["video", "micro_video", "thin_voice"])
@pytest.mark.parametrize(
    ("link", "rung"),
    [
        (Stretch(4 * MINUTE, 600, 150, 0.01), "video"),
        (Stretch(4 * MINUTE, 128, 300, 0.03), "thin_video"),
        (Stretch(4 * MINUTE, 64, 300, 0.03), "micro_video"),
        (Stretch(4 * MINUTE, 48, 500, 0.03), "stills"),
        (Stretch(4 * MINUTE, 32, 500, 0.05), "voice"),
        (Stretch(4 * MINUTE, 12, 500, 0.0), "thin_voice"),
    ],
)
def test_a_steady_link_has_its_rung(link: Stretch, rung: str, start: str, seed: int) -> None:
    """After the first minute it may be tried to climb, less and less often, and that is given up within seconds."""
    rungs = rungs_on(link, start=start, seed=seed)
    settled = rungs[MINUTE:]
    assert most_seconds(settled) == rung
    assert settled.count(rung) >= 0.75 * len(settled)
    assert all(falls(rungs[n : n + MINUTE]) <= 4 for n in range(len(rungs) - MINUTE))
    assert falls(rungs[-2 * MINUTE :]) <= 3


def test_the_rungs_follow_a_link_that_sinks_and_rises() -> None:
    sink = [(300, 150), (64, 300), (32, 500), (64, 300), (300, 150)]
    rungs = rungs_on(*(Stretch(MINUTE, kbps, rtt_ms, 0.01) for kbps, rtt_ms in sink), start="video")
    ends = [most_seconds(rungs[n + 20 : n + MINUTE]) for n in range(0, 5 * MINUTE, MINUTE)]
    assert ends == ["video", "micro_video", "voice", "micro_video", "video"]
    for turn in (MINUTE, 2 * MINUTE):
        before, after = rungs[turn - 1], rungs[turn + 3]
        assert RungName(after).depth > RungName(before).depth, "down within three seconds of trouble"
    assert "clips" not in rungs


@pytest.mark.parametrize("seed", range(10))
def test_loss_that_is_not_congestion_keeps_its_rung(seed: int) -> None:
    rungs = rungs_on(Stretch(30, 2000, 100), Stretch(5 * MINUTE, 2000, 100, 0.05), start="video", seed=seed)
    assert set(rungs) == {"video"}


def test_a_full_queue_of_somebody_else_leads_down_step_by_step_and_back() -> None:
    filling = [Stretch(1, 500, 100, queued_ms=queued) for queued in range(0, 900, 50)]
    rungs = rungs_on(
        Stretch(20, 500, 100), *filling, Stretch(30, 500, 100, queued_ms=900), Stretch(90, 500, 100), start="video"
    )
    assert "voice" in rungs
    assert "clips" not in rungs
    assert rungs[-1] == "video"


PICTURES, VOICES = ("video", "thin_video", "micro_video"), ("stills", "voice")
CALM_SECONDS = 20


def lasts(rung: str, trouble: list[dict[str, Any]]) -> float:
    """For how many seconds, on a link that was good, until a lower rung is picked; looks of a second, over and over."""
    seen: list[dict[str, Any]] = [{}] * CALM_SECONDS + list(islice(cycle(trouble), MINUTE))
    looks = [{"at_ms": 1_000 * (n + 1), **GOOD, "available_kbps": 400, **look} for n, look in enumerate(seen)]
    lower = (step.at_ms for step in replay(looks, rung, held=rung) if step.rung != rung)
    return next(lower, math.inf) / 1_000 - CALM_SECONDS


@pytest.mark.parametrize(
    ("trouble", "rungs"),
    [
        pytest.param([{"rtt_ms": 650}], PICTURES + VOICES, id="a queue"),
        pytest.param([{"rtt_ms": 150 + 500 * n} for n in range(1, 61)], PICTURES + VOICES, id="a queue that grows"),
        pytest.param([{"rtt_ms": 650, "loss_in": 0.4, "loss_out": 0.4}], PICTURES + VOICES, id="a full queue"),
        pytest.param([{"jitter_ms": 400}], PICTURES + VOICES, id="jitter"),
        pytest.param([{"late_ms": 500}], PICTURES, id="a voice that comes late"),
        pytest.param([{"available_kbps": 20}], PICTURES, id="an estimate that falls"),
        pytest.param([{"heard": False, "received_kbps": 0}], (*PICTURES, "stills"), id="silence"),
    ],
)
def test_trouble_that_is_plain_lasts_three_seconds(trouble: list[dict[str, Any]], rungs: tuple[str, ...]) -> None:
    assert max(lasts(rung, trouble) for rung in rungs) <= 3


@pytest.mark.parametrize(
    ("trouble", "rungs", "seconds"),
    [
        # One bad second is no trouble: loss is the mean of about four, so that a small one takes longer to be seen, ...
        pytest.param([{"loss_in": 0.4, "loss_out": 0.4}], PICTURES, 4, id="heavy loss"),
        pytest.param([{"loss_in": 0.2, "loss_out": 0.2}], PICTURES, 7, id="loss"),
        # ... a voice bears twice as much as a picture, ...
        pytest.param([{"loss_in": 0.4, "loss_out": 0.4}], VOICES, 7, id="heavy loss of a voice"),
        # ... and of what gets lost on the way there is heard by the other end's reports alone, which come seldom.
        pytest.param([*[{"loss_out": None}] * 4, {"loss_out": 0.4}], PICTURES, 7, id="loss on the way there"),
        # It is no queue before 400 ms, and not plainly one before a second.
        pytest.param([{"rtt_ms": 150 + 300 * n} for n in range(1, 61)], PICTURES + VOICES, 4, id="a slow queue"),
        # A photo goes every five seconds, and one may have lost a piece: the next one is waited for.
        pytest.param([*[{"drain_kbps": None}] * 4, {"drain_kbps": 4}], ("stills",), 11, id="photos that don't drain"),
    ],
)
def test_what_takes_longer_to_be_known(trouble: list[dict[str, Any]], rungs: tuple[str, ...], seconds: int) -> None:
    assert {lasts(rung, trouble) for rung in rungs} == {seconds}


def test_voice_is_back_with_the_link() -> None:
    """While nothing comes voice is sent: it needs no decision to be back."""
    rungs = rungs_on(Stretch(30, 128, 200), Stretch(15, 0), Stretch(20, 128, 200), start="thin_video")
    assert set(rungs[34:45]) == {"voice"}
    assert rungs[44 + 8] == "thin_video"


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, -1, 1e300, None, True, "12", [], {}], ids=lambda value: repr(value)
)
def test_no_figure_that_cant_be_true_moves_anything(value: Any) -> None:
    names = ("rtt_ms", "loss_in", "loss_out", "jitter_ms", "concealed", "received_kbps", "sent_kbps", "available_kbps")
    steps = replay([{"at_ms": 1_000 * n, **dict.fromkeys(names, value)} for n in range(60)], "thin_video")
    assert {(step.rung, step.reason) for step in steps} == {("thin_video", "start")}


@pytest.mark.parametrize("value", [math.nan, None, -5, "now", True])
def test_without_a_time_nothing_passes(value: Any) -> None:
    steps = replay([{"at_ms": value, **GOOD} for _ in range(60)], "thin_video")
    assert {step.rung for step in steps} == {"thin_video"}


def test_a_hold_is_let_go_of() -> None:
    memory = picker.hold(picker.begin(LADDER, "video", 0), "stills")
    for n in range(1, 30):
        memory, rung, reason, _ = picker.pick(LADDER, memory, Look.of({"at_ms": 1_000 * n, **GOOD}))
        assert (rung, reason) == ("stills", "held")
    memory, rung, reason, _ = picker.pick(LADDER, picker.hold(memory, None), Look.of({"at_ms": 30_000, **GOOD}))
    assert (rung, reason) == ("video", "better"), "what was given up is back, if the link was good meanwhile"
