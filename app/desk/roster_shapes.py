"""What a roster looks like on the wire, and what is taken to change one."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from app.calls.shapes import FamilyShape, PersonShape, TerminalShape
from app.calls.words import Outcome
from app.roster.words import Progress, RosterState
from app.web.shapes import Id, InstantIn, InstantOut, Shape

Minutes = Annotated[int, Field(ge=1, le=1440)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class RosterIn(Shape):
    """`week` is its Monday."""

    week: date
    minutes: Minutes | None = None


class RosterSearch(Shape):
    week: date


class VersionIn(Shape):
    """The version that the coordinator has seen: another one is stale."""

    version: Version


class AssignIn(VersionIn):
    """A slot for a row; null for both takes it out. `pinned`: the next draft leaves it so.

    `force`: never mind what is said of people's hours.
    """

    assignment_id: Id
    terminal_id: Id | None
    starts_at: InstantIn | None
    minutes: Minutes | None = None
    pinned: bool = True
    force: bool = False


class RosterFigures(Shape):
    """Of the families that take part, how many have a call; of the solver, how good its answer is.

    The last three are null until there is one, or where it was changed by hand.
    """

    families: int
    served: int
    seconds: float | None
    gap_percent: float | None
    is_optimal: bool | None


class TerminalOpening(Shape):
    terminal_id: str
    starts_at: InstantOut
    ends_at: InstantOut


class AssignmentShape(Shape):
    """A child and a parent with their slot, or without one. `reasons` hold a `code`, and what its sentence needs.

    `is_fixed`: the call stood before. With a call its time is shown as it stands now, wherever it was moved; `outcome`
    says if it is over. `confirmed`: somebody of either side has said that they will be there.
    """

    id: str
    family: FamilyShape
    child: PersonShape
    parent: PersonShape
    last_heard_at: InstantOut | None
    terminal_id: str | None
    starts_at: InstantOut | None
    ends_at: InstantOut | None
    minutes: int
    reasons: list[dict[str, Any]]
    pinned: bool
    call_id: str | None
    outcome: Outcome | None
    confirmed: bool
    is_fixed: bool


class RosterShape(Shape):
    id: str
    week: date
    zone: str
    state: RosterState
    progress: Progress
    version: int
    minutes: int
    figures: RosterFigures
    terminals: list[TerminalShape]
    openings: list[TerminalOpening]
    assignments: list[AssignmentShape]
    can_undo: bool
    changed_by: str
    published_at: InstantOut | None


class NewestRoster(Shape):
    """The draft of a week, or else what was published last."""

    roster: RosterShape | None
