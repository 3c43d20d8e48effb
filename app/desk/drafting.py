"""The worker's errand that drafts a roster: reads a week, has it solved with no transaction open, writes the answer.

A worker that dies leaves the due row to another, which begins anew. What was dropped or changed meanwhile is another
version, and nothing is written over it.
"""

from collections.abc import Callable
from datetime import datetime

from app.desk import week, wishes
from app.desk.wishes import WeekFacts, Wished
from app.jobs.service import Leased
from app.jobs.worker import Errand
from app.kernel.clock import Clock
from app.roster import service
from app.roster.history import Slot
from app.roster.models import Roster
from app.roster.ports import Solver
from app.roster.problem import Solution, Status
from app.roster.reasons import explained
from app.roster.service import Draft, Line
from app.storage.database import Database
from app.villages import queries as villages

SOLVING_SECONDS = 20.0


def drafter(database: Database, clock: Clock, solver: Callable[[], Solver]) -> Errand:
    """The errand. The solver is made when it is first needed: it is large, and most programs never need it."""

    def draft(row: Leased) -> None:
        roster_id, version = row.payload["roster_id"], row.payload["version"]
        with database.begin() as session:
            if service.begin_solving(session, roster_id, version, clock.now()) is None:
                return
        try:
            found = _solved(database, roster_id, solver, clock.now())
            with database.begin() as session:
                service.settle(session, roster_id, version, found, clock.now())
        except Exception:
            with database.begin() as session:
                service.fail(session, roster_id, version, clock.now())
            raise

    return draft


def _solved(database: Database, roster_id: str, solver: Callable[[], Solver], now: datetime) -> Draft:
    with database.read() as session:
        roster = session.get_one(Roster, roster_id)
        facts = week.gathered(session, villages.village(session, roster.village_id), roster, now)
    wished = wishes.wished(facts, now)
    return _written(facts, wished, solver().solve(wished.problem, SOLVING_SECONDS))


def _written(facts: WeekFacts, wished: Wished, solution: Solution) -> Draft:
    slots = {placed.request_id: Slot(placed.terminal_id, placed.starts_at) for placed in solution.placed}
    whys = {name: [each.as_json() for each in why] for name, why in explained(wished.problem, solution.placed).items()}
    lines = [Line(*pair, facts.minutes, slots.get(name), whys[name]) for name, pair in wished.pairs.items()]
    lines += [
        Line(*call.pair, call.minutes, call.slot, whys[call.call_id], call.call_id) for call in facts.standing
    ]  # fmt: skip
    figures = {
        "seconds": round(solution.seconds, 3), "gap": solution.gap, "is_optimal": solution.status is Status.OPTIMAL,
    }  # fmt: skip
    return Draft(lines, wished.turns, {row.row_id for row in facts.picked}, figures)
