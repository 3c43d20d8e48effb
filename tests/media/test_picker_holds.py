"""What holds of the picker whatever is seen."""

from itertools import pairwise
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.kernel.rungs import RungName
from app.media import picker
from app.media.look import Look
from app.media.memory import Memory
from tests.media.replay import LADDER, replay

MOST_FALLS_A_MINUTE = 8  # a link that turns with each look, in the worst case; on any constant link fewer
NAMES = st.sampled_from([rung.value for rung in RungName])
SHARES = st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.05, 0.2, 0.7])
TIMES = st.none() | st.integers(0, 5_000) | st.sampled_from([100, 300, 700, 1_600, 3_500])
RATES = st.none() | st.integers(0, 700)
FIGURES: dict[str, st.SearchStrategy[Any]] = {
    "rtt_ms": TIMES, "loss_in": SHARES, "loss_out": SHARES, "jitter_ms": st.none() | st.integers(0, 600),
    "concealed": SHARES, "received_kbps": RATES, "sent_kbps": RATES, "available_kbps": RATES, "drain_kbps": RATES,
    "heard": st.sampled_from([True, True, True, False, None]), "in_effect": st.none() | NAMES,
}  # fmt: skip
SIGHTS = st.fixed_dictionaries(FIGURES)
ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)
NONSENSE = st.fixed_dictionaries({}, optional=dict.fromkeys([*FIGURES, "at_ms"], ANYTHING))
RUNS = st.lists(st.tuples(st.integers(1, 25), SIGHTS), min_size=1, max_size=8)


def spread(runs: list[tuple[int, dict[str, Any]]], every_ms: int = 1_000) -> list[dict[str, Any]]:
    seen = [sight for times, sight in runs for _ in range(times)]
    return [{"at_ms": (n + 1) * every_ms, **sight} for n, sight in enumerate(seen)]


def reached(runs: list[tuple[int, dict[str, Any]]], start: str) -> Memory:
    memory = picker.begin(LADDER, start, 0)
    for seen in spread(runs):
        memory = picker.pick(LADDER, memory, Look.of(seen)).memory
    return memory


@given(RUNS, NAMES, NAMES)
def test_never_above_what_a_person_holds(runs: list[tuple[int, dict[str, Any]]], start: str, held: str) -> None:
    depths = {RungName(step.rung).depth for step in replay(spread(runs), start, held)}
    assert min(depths) >= RungName(held).depth


@given(st.lists(NONSENSE, max_size=40), NAMES)
def test_nonsense_is_survived(looks: list[dict[str, Any]], start: str) -> None:
    for step in replay(looks, start):
        assert step.rung in list(RungName)
        assert step.reason in {"start", "link", "loss", "delay", "better", "nothing"}


@given(SIGHTS, NAMES, st.sampled_from([250, 1_000, 1_500]))
def test_a_constant_view_never_flaps(sight: dict[str, Any], start: str, every_ms: int) -> None:
    """What doesn't answer to the rung can only lead one way, but for what a rung alone is judged by."""
    steps = replay(spread([(600_000 // every_ms, sight)], every_ms), start)
    falls = [
        after.at_ms for before, after in pairwise(steps) if RungName(after.rung).depth > RungName(before.rung).depth
    ]
    assert all(later - first > 60_000 for first, later in zip(falls, falls[MOST_FALLS_A_MINUTE:], strict=False))
    assert len(falls) <= 5 + 10, "six rungs down, and climbs that fail less and less often in ten minutes"


@given(RUNS, NAMES)
def test_however_the_link_turns_rungs_change_seldom(runs: list[tuple[int, dict[str, Any]]], start: str) -> None:
    steps = replay(spread(runs), start)
    turns = [after.at_ms for before, after in pairwise(steps) if after.rung != before.rung]
    assert all(later - first > 60_000 for first, later in zip(turns, turns[30:], strict=False))


WORSE_UP = ("rtt_ms", "loss_in", "loss_out", "jitter_ms", "concealed")
WORSE_DOWN = ("available_kbps", "drain_kbps")


@settings(max_examples=300)
@given(RUNS, NAMES, SIGHTS, SIGHTS, st.integers(1, 12))
def test_worse_looks_never_give_a_better_rung(
    runs: list[tuple[int, dict[str, Any]]], start: str, one: dict[str, Any], other: dict[str, Any], times: int
) -> None:
    """From whatever has been seen: one goes on with better looks, one with worse ones."""
    better, worse = dict(one), dict(one)
    for names, turn in ((WORSE_UP, 1), (WORSE_DOWN, -1)):
        for name in names:
            pair = [value for value in (one[name], other[name]) if value is not None]
            if len(pair) == 2:
                better[name], worse[name] = sorted(pair)[::turn]
    assume(better != worse)
    memory = reached(runs, start)
    since = memory.at_ms
    ends = []
    for sight in (better, worse):
        m = memory
        for n in range(times):
            m = picker.pick(LADDER, m, Look.of({"at_ms": since + (n + 1) * 1_000, **sight})).memory
        ends.append(m.rung)
    assert ends[0] <= ends[1]
