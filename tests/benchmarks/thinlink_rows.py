"""The rows of the table of calls on a thin link: each a link, what is done on it, what comes of it, what must hold.

One try is one call; it gives figures by name, with units in them. Where both directions count, the worse one does.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from statistics import mean
from typing import Literal

from tests.thinlink import figures, following, voice
from tests.thinlink.calls import Call, Heard, Place, Prepare, Thin
from tests.thinlink.figures import Worth
from tests.web.waiting import until

SPEECH, DENSE_SPEECH, NO_PAUSE = 0.58, 0.79, 1  # shares of the time in which both ends speak
SETTLED_SECONDS = 10  # what must hold must hold from here on
LISTENED_SECONDS = 34
THINKS_SECONDS = 1.5  # who sees the ring before they touch it
EDGE, THREE_G, FAIR = Thin(64, 500, 0.03), Thin(300, 150, 0.01), Thin(200, 200, 0.01)
SINKS = (300, 64, 32, 64, 300)
SINKS_SECONDS = 20
SINK_TURNS = 2 + 2 * 2  # it goes up, down and up again; and may try a larger picture in vain twice
LATEST_SECONDS = 1  # after it was said, that something counts as heard on a sinking link
# When the ring is touched: connected before, when the other's offer has come, or before it has.
When = Literal["ahead", "offered", "at sight"]
Figures = dict[str, float]
Try = Callable[[Place, int, Prepare | None], Figures]


@dataclass(frozen=True)
class Goal:
    """A figure must be at most, or at least, so much; or so many times what the default call gives."""

    most: float | None = None
    least: float | None = None
    times: bool = False

    def beside(self, theirs: float | None) -> "Goal | None":
        """In the figure's own unit; None where there is nothing to be held against."""
        if not self.times:
            return self
        if theirs is None:
            return None
        most, least = (None if factor is None else round(factor * theirs, 2) for factor in (self.most, self.least))
        return Goal(most, least)

    def holds(self, value: float) -> bool:
        return (self.most is None or value <= self.most) and (self.least is None or value >= self.least)

    def __str__(self) -> str:
        return f"at most {self.most:g}" if self.most is not None else f"at least {self.least:g}"


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    attempt: Try
    goals: Mapping[str, Goal]
    share: float = SPEECH
    rung: str | None = None  # the only one that there is
    runs: int = 1


def talk(thin: Thin, place: Place, seed: int, prepare: Prepare | None) -> Figures:
    """A call of three quarters of a minute, judged from the tenth second on."""
    with place.call(thin, seed=seed, prepare=prepare) as call:
        call.wait(THINKS_SECONDS)
        call.answer()
        call.wait_until(SETTLED_SECONDS + LISTENED_SECONDS)
        ends = call.ends()
        since = call.answered_at + SETTLED_SECONDS
        both = [figures.worth(call, ends, end, since, since + LISTENED_SECONDS - 2) for end in ("far", "near")]
        return _worse(both) | _pictures(ends, since) | {"rung_changes": _changes(ends)}


def _worse(both: list[Worth]) -> Figures:
    found = {
        "wire_kbps": max(one.wire_kbps for one in both),
        "call_kbps": max(one.call_kbps for one in both),
        "frames_per_second": min(one.frames_per_second for one in both),
        "picture_px": min(one.picture_px for one in both),
        "concealed_percent": max(one.concealed_percent for one in both),
        "unheard_seconds": max(one.unheard_seconds for one in both),
    }
    for name, worst in (("pesq", min), ("delay_ms", max), ("rtt_ms", max), ("rtt_most_ms", max)):
        known = [value for one in both if (value := getattr(one, name)) is not None]
        if known:
            found[name] = worst(known)
    return {name: round(value, 2) for name, value in found.items()}


def _pictures(ends: dict[str, Heard], since: float) -> Figures:
    """Seconds from one picture to the next, photo or moving, of the worse end: the mean, and the longest; none where
    none came."""
    came = [sorted([*heard.photos, *_moved(heard)]) for heard in ends.values()]
    came = [[at for at in times if at >= since] for times in came]
    if not all(len(times) > 1 for times in came):
        return {}
    gaps = [[after - before for before, after in pairwise(times)] for times in came]
    return {
        "picture_every_seconds": round(max(map(mean, gaps)), 2),
        "picture_longest_seconds": round(max(map(max, gaps)), 2),
    }


def _moved(heard: Heard) -> list[float]:
    """When a look found that frames had come."""
    looks = [look for look in heard.looks if "frames" in look]
    return [after["at"] for before, after in pairwise(looks) if after["frames"] > before["frames"]]


def answer(thin: Thin, when: When, place: Place, seed: int, prepare: Prepare | None) -> Figures:
    is_warm = when == "ahead"
    with place.call(thin, is_warm=is_warm, seed=seed, prepare=prepare) as call:
        if is_warm:
            call.wait(THINKS_SECONDS)
        elif when == "offered":
            until(lambda: bool(call.terminal.evaluate("ear.isOffered()")))
        call.answer()
        call.wait_until(5 if is_warm else 12)
        found = figures.answered(call, call.ends())
        return {
            "waiting_voice_seconds": found.waiting_voice, "both_ways_seconds": found.both_ways,
            "other_voice_seconds": found.other_voice, "let_in_seconds": found.let_in,
        }  # fmt: skip


def blackout(seconds: float, place: Place, seed: int, prepare: Prepare | None) -> Figures:
    def breaks(call: Call) -> tuple[float, float]:
        call.link.dark(seconds)
        began = time.time()
        call.wait(seconds)
        return began, began + seconds

    return _breaks(breaks, place, seed, prepare)


def move(place: Place, seed: int, prepare: Prepare | None) -> Figures:
    def breaks(call: Call) -> tuple[float, float]:
        call.link.move()
        return time.time(), time.time()

    return _breaks(breaks, place, seed, prepare)


def _breaks(breaks: Callable[[Call], tuple[float, float]], place: Place, seed: int, prepare: Prepare | None) -> Figures:
    with place.call(FAIR, seed=seed, prepare=prepare) as call:
        call.wait(THINKS_SECONDS)
        call.answer()
        call.wait_until(12)
        began, mended = breaks(call)
        call.wait(figures.AFTER_SECONDS)
        ends = call.ends()
        back = {end: figures.back_after(heard.heard, began, mended) for end, heard in ends.items()}
        return {"back_far_seconds": back["far"], "back_near_seconds": back["near"], "back_seconds": max(back.values())}


def sink(place: Place, seed: int, prepare: Prepare | None) -> Figures:
    with place.call(replace(THREE_G, kbps=SINKS[0]), seed=seed, prepare=prepare) as call:
        call.wait(THINKS_SECONDS)
        call.answer()
        call.wait_until(SINKS_SECONDS)
        for number, kbps in enumerate(SINKS[1:], 2):
            call.link.shape(kbps, kbps, THREE_G.rtt_ms, THREE_G.loss)
            call.wait_until(SINKS_SECONDS * number)
        ends = call.ends()
        since, until = call.answered_at + 3, call.answered_at + SINKS_SECONDS * len(SINKS)
        about = LATEST_SECONDS / 2, LATEST_SECONDS / 2
        both = [
            voice.unheard_seconds(ends[figures.OTHER[end]].said, ends[end].heard, since, until - 3, *about)
            for end in ("far", "near")
        ]
        stages = [(call.answered_at + SINKS_SECONDS * number, kbps) for number, kbps in enumerate(SINKS, 1)]
        return {"unheard_seconds": max(both), "rung_changes": _changes(ends)} | _follows(ends, stages)


def _follows(ends: dict[str, Heard], stages: list[tuple[float, int]]) -> Figures:
    rungs = following.in_effect(*(heard.rungs for heard in ends.values()))
    return {
        "fell_after_seconds": round(following.fell_after(rungs, stages[0][0], SINKS[1], SINKS_SECONDS), 2),
        "stages_astray": following.astray(rungs, stages),
        "turns": following.turns(rungs),
    }


def _changes(ends: dict[str, Heard]) -> float:
    """How often an end told the other of another rung, the more restless of both."""
    return float(max(len(heard.rungs) for heard in ends.values()))


def _answers(link: str, thin: Thin, warm: float, both: float, cold: float) -> list[Row]:
    ahead: dict[str, Goal] = {"waiting_voice_seconds": Goal(most=warm), "both_ways_seconds": Goal(most=both)}
    ways: tuple[tuple[str, str, When, dict[str, Goal]], ...] = (
        ("warm", "answered, pre-warmed", "ahead", ahead),
        ("cold", "cold, offer in the ring", "offered", {"both_ways_seconds": Goal(most=cold)}),
        ("sight", "cold, at first sight", "at sight", {"both_ways_seconds": Goal(most=cold)}),
    )
    return [
        Row(f"{link}-{name}", f"{title}: {thin}", partial(answer, thin, when), goals, NO_PAUSE, runs=11)
        for name, title, when, goals in ways
    ]


def _talks(name: str, thin: Thin, goals: Mapping[str, Goal], share: float = SPEECH, rung: str | None = None) -> Row:
    title = f"clean link, rung `{rung}`" if rung else str(thin) if share == SPEECH else f"{thin}, {share:.0%} speech"
    return Row(name, title, partial(talk, thin), goals, share, rung, runs=3)


CLEAN = Thin(2000, 40)
VOICE_GOALS = {"call_kbps": Goal(most=14.5), "pesq": Goal(least=3.3)}
THIN_VOICE_GOALS = {"call_kbps": Goal(most=9.5), "pesq": Goal(least=2.5)}
REDUNDANT_GOALS = {"pesq": Goal(least=3.2), "wire_kbps": Goal(most=26), "delay_ms": Goal(most=900)}
STILLS_GOALS = {
    "picture_every_seconds": Goal(most=5.5), "picture_longest_seconds": Goal(most=7), "rtt_ms": Goal(most=1000),
}  # fmt: skip
MICRO_GOALS = {
    "frames_per_second": Goal(least=3), "rtt_ms": Goal(most=600), "concealed_percent": Goal(most=5),
}  # fmt: skip
NO_WORSE_GOALS = {
    "frames_per_second": Goal(least=1, times=True), "picture_px": Goal(least=1, times=True),
    "delay_ms": Goal(most=1, times=True),
}  # fmt: skip
ROWS: tuple[Row, ...] = (
    _talks("voice-32", Thin(32, 500, 0.05), REDUNDANT_GOALS),
    _talks("clean-voice", CLEAN, VOICE_GOALS, rung="voice"),
    _talks("clean-thin-voice", CLEAN, THIN_VOICE_GOALS, rung="thin_voice"),
    _talks("stills-48", Thin(48, 500, 0.03), STILLS_GOALS),
    _talks("micro-64", Thin(64, 300, 0.03), MICRO_GOALS),
    _talks("micro-64-dense", Thin(64, 300, 0.03), MICRO_GOALS, DENSE_SPEECH),
    _talks("thin-128", Thin(128, 300, 0.03), {"frames_per_second": Goal(least=8)}),
    _talks("video-300", THREE_G, NO_WORSE_GOALS),
    *_answers("edge", EDGE, 0.15, 0.5, 2.8),
    *_answers("3g", THREE_G, 0.15, 0.25, 0.8),
    *(
        Row(f"dark-{seconds}", f"{seconds} s of blackout: {FAIR}", partial(blackout, seconds),
            {"back_seconds": Goal(most=most)}, NO_PAUSE, runs=11)
        for seconds, most in ((5, 0.5), (15, 0.5), (30, 3))
    ),
    Row("move", f"another address: {FAIR}", move, {"back_seconds": Goal(most=3)}, NO_PAUSE, runs=11),
    Row("sink", f"{' -> '.join(map(str, SINKS))} kbit/s", sink,
        {"unheard_seconds": Goal(most=2), "fell_after_seconds": Goal(most=3), "stages_astray": Goal(most=0),
         "turns": Goal(most=SINK_TURNS)}, DENSE_SPEECH, runs=3),
)  # fmt: skip
