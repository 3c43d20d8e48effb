"""HiGHS behind the port `Solver`: the tiers of a roster's score one after the other, those before held fast.

For each tier the relaxed programme is solved first, from where the tier before ended. Mostly all of it comes out whole
and is the optimum. Where it does not, the wishes that came out whole are kept and the few others are branched on; if
that stays below the relaxed bound, all are, as long as there is time. Of the wishes in a
very large programme a thousandth is left unproven, as the gap says: it would take most of the time. One thread and one
seed: the same answer.

The library is loaded when something is solved, so that a program which never solves does not carry it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import floor, inf
from time import monotonic
from typing import TYPE_CHECKING

from app.roster.greedy import filled, most
from app.roster.problem import Problem, Score, Solution, Status
from app.roster.programme import Programme, Tier
from app.roster.starts import Offer, offered
from app.roster.terminals import given
from app.roster.worth import Chosen, Worth

if TYPE_CHECKING:
    from highspy import HighsLp

SHARES = {Tier.FIRST: 1 / 2, Tier.FURTHER: 1 / 2, Tier.WISHES: 1}  # of the time that is left
COARSE_SHARE, FEW_SHARE = 2 / 3, 1 / 4
LARGE, ENOUGH = 50_000, 0.999  # columns, and the share of the bound that is enough then
WHOLE = 1e-6  # how near to a whole number is one
OPTIONS = {
    "output_flag": False, "threads": 1, "random_seed": 1,
    "mip_rel_gap": 0.0, "mip_abs_gap": 0.9,  # all worth is whole
}  # fmt: skip
FEASIBLE = 2  # kSolutionStatusFeasible


class Highs:
    """A Solver."""

    def solve(self, problem: Problem, seconds: float) -> Solution:
        began = monotonic()
        offer = offered(problem)
        worth = Worth(offer)
        start = filled(offer, worth, _coarse(offer, began + seconds * COARSE_SHARE))
        chosen, bound = _solved(offer, worth, max(start, filled(offer, worth), key=worth.score), began + seconds)
        objective = worth.score(chosen)
        status = Status.OPTIMAL if objective == bound else Status.GAP
        return Solution(given(offer, worth, chosen), objective, bound, status, monotonic() - began)


def _coarse(offer: Offer, until: float) -> list[Chosen]:
    """A good roster where the starts are many: the best one with few of them, or nothing where they are few already."""
    coarse = offer.coarser()
    if coarse == offer:
        return []
    worth = Worth(coarse)
    return _solved(coarse, worth, filled(coarse, worth), until)[0]


def _solved(offer: Offer, worth: Worth, start: list[Chosen], until: float) -> tuple[list[Chosen], Score]:
    """A roster that is never worse than `start`, and what bounds it."""
    chosen, limit = start, most(offer, worth)
    bounds: dict[Tier, int] = {tier: getattr(limit, tier) for tier in Tier}
    search: _Search | None = None
    for tier, share in SHARES.items():
        left = until - monotonic()
        if left <= 0 or getattr(worth.score(chosen), tier) == bounds[tier]:
            continue
        search = search or _Search(Programme(offer, worth))
        found, bound = search.best(tier, chosen, left * share)
        bounds[tier] = min(bounds[tier], bounds[tier] if bound is None else bound)
        chosen = max([chosen, *(filled(offer, worth, one) for one in found)], key=worth.score)
    objective = worth.score(chosen)
    return chosen, Score(*(max(bounds[tier], getattr(objective, tier)) for tier in Tier))


class _Search:
    """One programme. Its relaxation is kept from tier to tier, to go on from where it ended."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._relaxed = _Run(programme, is_whole=False)

    def best(self, tier: Tier, chosen: Sequence[Chosen], seconds: float) -> tuple[list[list[Chosen]], int | None]:
        """Rosters that leave the tiers before as they are in `chosen`; and a bound on all such ones, if it has one."""
        until = monotonic() + seconds
        settled = self._programme.settled(tier, chosen)
        relaxed = self._relaxed.solve(tier, settled, seconds)
        if relaxed.values is None:
            return [], None
        bound = _floor(relaxed.bound)
        if all(_is_whole(value) for value in relaxed.values[: len(self._programme.starts)]):
            return self._rosters(relaxed), bound
        soon = monotonic() + FEW_SHARE * (until - monotonic())
        few = self._branched(tier, {**settled, **self._whole_wishes(relaxed.values)}, soon)
        is_large = tier is Tier.WISHES and self._programme.columns > LARGE
        enough = bound * ENOUGH if is_large else bound - WHOLE
        if few.worth >= enough:
            return self._rosters(few), bound
        every = self._branched(tier, settled, until, [*self._rosters(few), chosen][0])
        return self._rosters(few, every), _floor(min(relaxed.bound, every.bound))

    def _branched(self, tier: Tier, settled: Mapping[int, int], until: float, start: Sequence[Chosen] = ()) -> "_Found":
        seconds = until - monotonic()
        return _Run(self._programme, is_whole=True).solve(tier, settled, seconds, start) if seconds > 0 else _Found()

    def _whole_wishes(self, values: Sequence[float]) -> dict[int, int]:
        """The columns of all wishes that came out whole, as they are."""
        starts = list(enumerate(self._programme.starts))
        broken = {one.wish for column, one in starts if not _is_whole(values[column])}
        return {column: round(values[column]) for column, one in starts if one.wish not in broken}

    def _rosters(self, *found: "_Found") -> list[list[Chosen]]:
        columns = [one.values for one in found if one.values is not None]
        return [
            [one for one, value in zip(self._programme.starts, values, strict=False) if value > 1 / 2]
            for values in columns
        ]


@dataclass(frozen=True)
class _Found:
    """The values of the columns, if any were found, and their worth; no others are worth more than `bound`."""

    values: Sequence[float] | None = None
    worth: float = -inf
    bound: float = inf


class _Run:
    """The library with one programme in it, relaxed or with whole starts."""

    def __init__(self, programme: Programme, *, is_whole: bool) -> None:
        import highspy

        self._library, self._programme, self._is_whole = highspy, programme, is_whole
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]  # its types leave this one out
        for name, value in OPTIONS.items():
            self._expect_ok(self._highs.setOptionValue(name, value))
        self._expect_ok(self._highs.passModel(self._model()))

    def solve(self, tier: Tier, settled: Mapping[int, int], seconds: float, start: Sequence[Chosen] = ()) -> _Found:
        """Begins at `start`, if that is given, or where it ended before."""
        highs, columns = self._highs, list(range(self._programme.columns))
        worth = self._programme.worth[tier]
        highs.changeColsCost(len(columns), columns, [float(worth.get(column, 0)) for column in columns])
        values = [float(value) for value in settled.values()]
        highs.changeColsBounds(len(settled), list(settled), values, values)
        if start:
            there = set(start)
            values = [float(one in there) for one in self._programme.starts]
            self._expect_ok(highs.setSolution(len(values), columns[: len(values)], values))
        highs.setOptionValue("time_limit", highs.getRunTime() + seconds)  # it counts all runs of an instance together
        self._expect_ok(highs.run())
        return self._found()

    def _found(self) -> _Found:
        info, values = self._highs.getInfo(), self._highs.getSolution().col_value
        worth = info.objective_function_value
        if not self._is_whole:
            is_solved = self._highs.getModelStatus() == self._library.HighsModelStatus.kOptimal
            return _Found(values, worth, worth) if is_solved else _Found()
        if info.primal_solution_status != FEASIBLE:
            return _Found(bound=info.mip_dual_bound)
        return _Found(values, worth, info.mip_dual_bound)

    def _model(self) -> "HighsLp":
        library, programme = self._library, self._programme
        rows = programme.rows
        model: HighsLp = library.HighsLp()
        model.sense_ = library.ObjSense.kMaximize
        model.num_col_, model.num_row_ = programme.columns, len(rows)
        model.col_cost_, model.col_lower_ = [0.0] * programme.columns, [0.0] * programme.columns
        model.col_upper_ = [1.0] * programme.columns
        model.row_lower_ = [float(row.most) if row.is_equal else -inf for row in rows]
        model.row_upper_ = [float(row.most) for row in rows]
        model.a_matrix_.format_ = library.MatrixFormat.kRowwise
        model.a_matrix_.start_ = [0, *accumulate(len(row.plus) + len(row.minus) for row in rows)]
        model.a_matrix_.index_ = [column for row in rows for column in (*row.plus, *row.minus)]
        model.a_matrix_.value_ = [value for row in rows for value in (*[1.0] * len(row.plus), *[-1.0] * len(row.minus))]
        if self._is_whole:
            whole, any_ = library.HighsVarType.kInteger, library.HighsVarType.kContinuous
            starts = len(programme.starts)
            model.integrality_ = [whole] * starts + [any_] * (programme.columns - starts)
        return model

    def _expect_ok(self, status: object) -> None:
        if status == self._library.HighsStatus.kError:
            raise RuntimeError("HiGHS refuses the programme")


def _is_whole(value: float) -> bool:
    return abs(value - round(value)) <= WHOLE


def _floor(bound: float) -> int:
    """The whole number that a computed bound stands for: sums of many products are a little off."""
    return floor(bound + 1e-4 + abs(bound) * 1e-9)
