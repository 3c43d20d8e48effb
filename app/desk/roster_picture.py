"""How a roster is shown at the desk: its rows with their people, and the calls that they became as those stand now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.calls import picture
from app.calls.models import Call, Invitee
from app.calls.shapes import TerminalShape
from app.calls.words import Outcome
from app.desk import hearings, week
from app.desk.models import Coordinator
from app.desk.roster_shapes import AssignmentShape, RosterFigures, RosterShape, TerminalOpening
from app.families.models import Family, Person
from app.roster import history, queries
from app.roster.history import Reason
from app.roster.models import Assignment, Roster
from app.roster.reasons import Why
from app.roster.words import RosterState
from app.villages import queries as villages
from app.web.principals import COORDINATOR, Principal


def roster_shape(session: Session, roster: Roster, who: Principal) -> RosterShape:
    village = villages.village(session, roster.village_id)
    rows = [_Row(row) for row in queries.assignments(session, roster.id)]
    _find_calls(session, rows)
    opened = week.openings(session, village, *week.bounds(roster.week, village.zone))
    return RosterShape(
        id=roster.id, week=roster.week, zone=village.zone, state=roster.state, progress=roster.progress,
        version=roster.version, minutes=roster.minutes, figures=_figures(roster, rows),
        terminals=[
            TerminalShape(id=terminal.id, name=terminal.name)
            for terminal in villages.every_terminal(session, village.id)
            if terminal.retired_at is None or any(row.terminal_id == terminal.id for row in rows)
        ],
        openings=[
            TerminalOpening(terminal_id=terminal_id, starts_at=opens, ends_at=closes)
            for terminal_id, intervals in opened.items() for opens, closes in intervals
        ],
        assignments=_assignments(session, rows, hearings.last_heard(session, village.id), who),
        can_undo=roster.state is RosterState.DRAFT and history.can_undo(roster),
        changed_by=_name_of(session, roster.changed_by), published_at=roster.published_at,
    )  # fmt: skip


class _Row:
    """A row of the roster, and the call that it became, if it did."""

    def __init__(self, row: Assignment) -> None:
        self.row = row
        self.call: Call | None = None
        self.is_confirmed = False

    @property
    def terminal_id(self) -> str | None:
        return self.call.terminal_id if self.call else self.row.terminal_id

    @property
    def starts_at(self) -> datetime | None:
        return self.call.starts_at if self.call else self.row.starts_at

    @property
    def ends_at(self) -> datetime | None:
        if self.call:
            return self.call.ends_at
        return self.row.starts_at + timedelta(minutes=self.row.minutes) if self.row.starts_at else None

    @property
    def is_served(self) -> bool:
        """Whether a call is ahead here, or was held."""
        if self.call is None:
            return self.row.starts_at is not None
        return self.call.outcome in (None, Outcome.HELD, Outcome.MESSAGE)


def _find_calls(session: Session, rows: Sequence[_Row]) -> None:
    """The call of each row, or the one that it was moved to."""
    ids = [row.row.call_id for row in rows if row.row.call_id]
    began = select(Call.id, func.coalesce(Call.root_id, Call.id)).where(Call.id.in_(ids))
    roots: dict[str, str] = dict(session.execute(began).all())
    chains = select(Call).where(or_(Call.id.in_(set(roots.values())), Call.root_id.in_(set(roots.values()))))
    newest = {call.root_id or call.id: call for call in session.scalars(chains.order_by(Call.moves, Call.id))}
    confirmed = select(Invitee.call_id).where(
        Invitee.call_id.in_([call.id for call in newest.values()]), Invitee.confirmed_at.is_not(None)
    )  # fmt: skip
    are_confirmed = set(session.scalars(confirmed))
    for row in rows:
        if row.row.call_id:
            row.call = newest[roots[row.row.call_id]]
            row.is_confirmed = row.call.id in are_confirmed


def _figures(roster: Roster, rows: Sequence[_Row]) -> RosterFigures:
    seconds, gap = roster.figures.get("seconds"), roster.figures.get("gap")
    is_solvers = gap is not None and not roster.figures.get("is_picked")
    return RosterFigures(
        families=len({row.row.family_id for row in rows}),
        served=len({row.row.family_id for row in rows if row.is_served}),
        seconds=seconds, gap_percent=round(100 * gap, 2) if gap is not None and is_solvers else None,
        is_optimal=roster.figures.get("is_optimal") if is_solvers else None,
    )  # fmt: skip


def _assignments(
    session: Session, rows: Sequence[_Row], heard: Mapping[str, datetime], who: Principal
) -> list[AssignmentShape]:  # fmt: skip
    families = _families(session, {row.row.family_id for row in rows})
    persons = _persons(session, {id_ for row in rows for id_ in (row.row.child_id, row.row.parent_id)})
    return [
        AssignmentShape(
            id=row.row.id, family=picture.family_shape(families[row.row.family_id]),
            child=picture.person_shape(persons[row.row.child_id], who),
            parent=picture.person_shape(persons[row.row.parent_id], who),
            last_heard_at=heard.get(row.row.child_id), terminal_id=row.terminal_id, starts_at=row.starts_at,
            ends_at=row.ends_at, minutes=row.row.minutes, pinned=row.row.is_pinned,
            reasons=[_said(why, families, persons) for why in row.row.reasons["why"]],
            call_id=row.call.id if row.call else None, outcome=row.call.outcome if row.call else None,
            confirmed=row.is_confirmed, is_fixed=row.row.is_fixed,
        )
        for row in rows
    ]  # fmt: skip


def _said(why: Reason, families: Mapping[str, Family], persons: Mapping[str, Person]) -> Reason:
    """A reason with names for ids; somebody who is not in the roster has none."""
    found = dict(why)
    if why["code"] == Why.TERMINALS_FULL:
        found["families"] = [families[id_].name for id_ in why.get("families", ()) if id_ in families]
        return found if found["families"] else {"code": "terminals_taken"}
    if "person" in why:
        found["person"] = persons[why["person"]].name if why["person"] in persons else ""
    return found


def _families(session: Session, ids: Iterable[str]) -> dict[str, Family]:
    return {family.id: family for family in session.scalars(select(Family).where(Family.id.in_(ids)))}


def _persons(session: Session, ids: Iterable[str]) -> dict[str, Person]:
    return {person.id: person for person in session.scalars(select(Person).where(Person.id.in_(ids)))}


def _name_of(session: Session, by: str) -> str:
    coordinator = session.get(Coordinator, by.removeprefix(f"{COORDINATOR}:"))
    return coordinator.name if coordinator else ""
