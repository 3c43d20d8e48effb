"""Use cases of a roster: draft, pick, undo, draft anew, drop, publish. Which picks are possible is decided above.

Each change holds the roster's row and makes a new version. Whoever changes names the version that they saw, so that of
two at once the second is told. What the solver found is a change like any other, and is written over nothing newer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.jobs import service as jobs
from app.jobs.words import Lane
from app.kernel import events
from app.kernel.errors import NotFound, Refused
from app.roster import history, queries
from app.roster.history import Reason, Slot
from app.roster.models import Assignment, Roster
from app.roster.words import Progress, RosterState
from app.storage.database import new_id
from app.web.hints import hint

SOLVE = "roster.draft"
DRAFTING = (Progress.QUEUED, Progress.SOLVING)


@dataclass(frozen=True)
class Line:
    """A row of a fresh draft. With a call it is one that stood before."""

    family_id: str
    child_id: str
    parent_id: str
    minutes: int
    slot: Slot | None = None
    reasons: Sequence[Reason] = ()
    call_id: str | None = None


@dataclass(frozen=True)
class Pick:
    """What a row is to be: its slot or none, how long, and whether drafting anew leaves it so."""

    assignment_id: str
    slot: Slot | None
    minutes: int
    is_pinned: bool
    reasons: Sequence[Reason] = ()


@dataclass(frozen=True)
class Draft:
    """What the solver found. `turns`: the place of each child in the list; `kept`: the picked rows that stay."""

    lines: Sequence[Line]
    turns: Mapping[str, int]
    kept: Collection[str]
    figures: Mapping[str, Any]


def draft(
    session: Session, *, village_id: str, week: date, minutes: int, by: str, now: datetime
) -> tuple[Roster, bool]:  # fmt: skip
    """The open draft of a week, or a new one that the solver is asked for; and whether it is new."""
    roster = Roster(
        id=new_id(session), village_id=village_id, week=week, state=RosterState.DRAFT, progress=Progress.QUEUED,
        minutes=minutes, version=1, figures={}, history={}, made_by=by, made_at=now, changed_by=by, changed_at=now,
    )  # fmt: skip
    known = queries.draft_of(session, village_id, week)
    if known is None:
        try:
            with session.begin_nested():
                session.add(roster)
        except IntegrityError:  # another coordinator was faster
            known = queries.draft_of(session, village_id, week)
            if known is None:
                raise
    if known is not None:
        return known, False
    _ask_solver(session, roster, now)
    return roster, True


def held(session: Session, village_id: str, roster_id: str, version: int) -> Roster:
    """The roster, held, if this is its newest version. Raises Refused("stale_roster")."""
    roster = queries.locked(session, roster_id)
    if roster is None or roster.village_id != village_id:
        raise NotFound
    if roster.version != version:
        raise Refused("stale_roster", version=roster.version)
    return roster


def check_open(roster: Roster) -> None:
    """Raises Refused for what is published or dropped."""
    if roster.state is RosterState.PUBLISHED:
        raise Refused("roster_published")
    if roster.state is RosterState.DROPPED:
        raise Refused("roster_dropped")


def check_editable(roster: Roster) -> None:
    """The same, and for what the solver is still busy with."""
    check_open(roster)
    if roster.progress in DRAFTING:
        raise Refused("still_drafting")


def pick(session: Session, roster: Roster, picks: Sequence[Pick], by: str, now: datetime) -> None:
    """Write what rows are to be, as one step that can be undone."""
    rows = [session.get_one(Assignment, each.assignment_id) for each in picks]
    history.remember(roster, rows)
    for row, each in zip(rows, picks, strict=True):
        _place(row, each.slot, each.reasons)
        row.minutes, row.is_pinned = each.minutes, each.is_pinned
    roster.figures = {**roster.figures, "is_picked": True}
    _changed(session, roster, by, now)


def undo(session: Session, roster: Roster, by: str, now: datetime) -> None:
    """Take the last step back. Raises Refused("nothing_to_undo")."""
    if not history.can_undo(roster):
        raise Refused("nothing_to_undo")
    history.go_back(session, roster)
    _changed(session, roster, by, now)


def redraft(session: Session, roster: Roster, by: str, now: datetime) -> None:
    """Ask the solver anew; until it answers the rows stand as they are."""
    roster.progress = Progress.QUEUED
    _changed(session, roster, by, now)
    _ask_solver(session, roster, now)


def drop(session: Session, roster: Roster, by: str, now: datetime) -> None:
    roster.state = RosterState.DROPPED
    _changed(session, roster, by, now)


def begin_solving(session: Session, roster_id: str, version: int, now: datetime) -> Roster | None:
    """The draft to solve, also one that another worker began with; None if nobody waits for this version."""
    roster = _awaited(session, roster_id, version)
    if roster is not None:
        roster.progress = Progress.SOLVING
        hint(session, "village", roster.village_id, now)
    return roster


def fail(session: Session, roster_id: str, version: int, now: datetime) -> None:
    """Note that the solver failed; the due row tries it again."""
    roster = _awaited(session, roster_id, version)
    if roster is not None:
        roster.progress = Progress.FAILED
        hint(session, "village", roster.village_id, now)


def settle(session: Session, roster_id: str, version: int, found: Draft, now: datetime) -> bool:
    """Write what the solver found, unless the roster is another one by now; picked rows stay."""
    roster = _awaited(session, roster_id, version)
    if roster is None:
        return False
    before = queries.assignments(session, roster.id)
    if before:
        history.remember(roster, [row for row in before if not row.is_fixed], is_all=True)
    gone = [row.id for row in before if row.id not in found.kept]
    session.execute(delete(Assignment).where(Assignment.id.in_(gone)))
    for row in before:
        row.place = found.turns.get(row.child_id, len(found.turns))
    session.add_all([_row(session, roster, line, found.turns) for line in found.lines])
    roster.progress, roster.figures = Progress.DONE, dict(found.figures)
    _changed(session, roster, roster.changed_by, now)
    return True


def publish(
    session: Session, roster: Roster, calls: Mapping[str, str], refused: Mapping[str, Sequence[Reason]], by: str,
    now: datetime,
) -> None:  # fmt: skip
    """Note which rows became which calls, and why others did not; those have no slot any more."""
    for row in queries.assignments(session, roster.id):
        if row.id in calls:
            row.call_id = calls[row.id]
        elif row.id in refused:
            _place(row, None, refused[row.id])
    roster.state, roster.published_at, roster.history = RosterState.PUBLISHED, now, {}
    _changed(session, roster, by, now)
    jobs.emit(session, events.RosterPublished(now, roster.id, by), now)


def _awaited(session: Session, roster_id: str, version: int) -> Roster | None:
    """The draft, held, if this is the version that the solver was asked for."""
    roster = queries.locked(session, roster_id)
    if roster is None or roster.version != version or roster.state is not RosterState.DRAFT:
        return None
    return None if roster.progress is Progress.DONE else roster


def _ask_solver(session: Session, roster: Roster, now: datetime) -> None:
    jobs.put(
        session, SOLVE, now, now, lane=Lane.ERRAND, key=f"{SOLVE}:{roster.id}:{roster.version}",
        subject=f"roster:{roster.id}",
        payload={"roster_id": roster.id, "version": roster.version, "village_id": roster.village_id},
    )  # fmt: skip
    hint(session, "village", roster.village_id, now)


def _row(session: Session, roster: Roster, line: Line, turns: Mapping[str, int]) -> Assignment:
    row = Assignment(
        id=new_id(session), roster_id=roster.id, family_id=line.family_id, child_id=line.child_id,
        parent_id=line.parent_id, place=turns.get(line.child_id, len(turns)), minutes=line.minutes, is_pinned=False,
        is_fixed=line.call_id is not None, call_id=line.call_id,
    )  # fmt: skip
    _place(row, line.slot, line.reasons)
    return row


def _place(row: Assignment, slot: Slot | None, reasons: Sequence[Reason]) -> None:
    row.terminal_id, row.starts_at = (slot.terminal_id, slot.starts_at) if slot else (None, None)
    row.reasons = {"why": list(reasons)}


def _changed(session: Session, roster: Roster, by: str, now: datetime) -> None:
    roster.version += 1
    roster.changed_by, roster.changed_at = by, now
    session.flush()
    hint(session, "village", roster.village_id, now)
