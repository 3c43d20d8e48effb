"""The routes of the fair roster under /api, for the desk of its village: draft, pick, undo, publish."""

from app.desk import publishing, rostering
from app.desk.roster_picture import roster_shape
from app.desk.roster_shapes import AssignIn, NewestRoster, RosterIn, RosterSearch, RosterShape, VersionIn
from app.kernel.errors import Invalid
from app.roster import queries
from app.roster.history import Slot
from app.roster.models import Roster
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("rosters")


@api.query("/rosters", COORDINATOR, gives=NewestRoster, takes=RosterSearch)
def roster_of_week(ask: Ask, search: RosterSearch) -> NewestRoster:
    """The roster of a week, if there is one."""
    roster = queries.newest_of(ask.session, ask.who.village, search.week)
    return NewestRoster(roster=_shape(ask, roster) if roster else None)


@api.query("/rosters/<roster_id>", COORDINATOR, gives=RosterShape)
def roster(ask: Ask, roster_id: str) -> RosterShape:
    """A roster with its rows."""
    return _shape(ask, queries.of_village(ask.session, ask.who.village, roster_id))


@api.command("POST", "/rosters", COORDINATOR, gives=RosterShape, takes=RosterIn, status=201)
def draft_roster(ask: Ask, body: RosterIn) -> RosterShape:
    """Have a week drafted; a draft that is open is given as it is."""
    return _shape(ask, rostering.draft(ask.session, ask.who, body.week, body.minutes, ask.now))


@api.command("POST", "/rosters/<roster_id>/assign", COORDINATOR, gives=RosterShape, takes=AssignIn)
def assign(ask: Ask, body: AssignIn, roster_id: str) -> RosterShape:
    """Pick a slot for a row, or take it out; who has the slot changes places with it."""
    if (body.terminal_id is None) != (body.starts_at is None):
        raise Invalid("half_a_slot")
    slot = Slot(body.terminal_id, body.starts_at) if body.terminal_id and body.starts_at else None
    changed = rostering.assign(
        ask.session, ask.who, roster_id, body.version, body.assignment_id, slot,
        minutes=body.minutes, is_pinned=body.pinned, is_forced=body.force, now=ask.now,
    )  # fmt: skip
    return _shape(ask, changed)


@api.command("POST", "/rosters/<roster_id>/undo", COORDINATOR, gives=RosterShape, takes=VersionIn)
def undo(ask: Ask, body: VersionIn, roster_id: str) -> RosterShape:
    """Take the last change back."""
    return _shape(ask, rostering.undo(ask.session, ask.who, roster_id, body.version, ask.now))


@api.command("POST", "/rosters/<roster_id>/redraft", COORDINATOR, gives=RosterShape, takes=VersionIn)
def redraft(ask: Ask, body: VersionIn, roster_id: str) -> RosterShape:
    """Draft anew around what was picked and what stands; a published week as a new roster."""
    return _shape(ask, rostering.redraft(ask.session, ask.who, roster_id, body.version, ask.now))


@api.command("POST", "/rosters/<roster_id>/publish", COORDINATOR, gives=RosterShape, takes=VersionIn)
def publish(ask: Ask, body: VersionIn, roster_id: str) -> RosterShape:
    """Make calls of the rows and tell everybody; what was taken meanwhile stays without a slot, with the reason."""
    return _shape(ask, publishing.publish(ask.session, ask.who, roster_id, body.version, ask.now))


@api.command("POST", "/rosters/<roster_id>/drop", COORDINATOR, gives=RosterShape, takes=VersionIn)
def drop(ask: Ask, body: VersionIn, roster_id: str) -> RosterShape:
    """Give a draft up."""
    return _shape(ask, rostering.drop(ask.session, ask.who, roster_id, body.version, ask.now))


def _shape(ask: Ask, shown: Roster) -> RosterShape:
    ask.session.flush()
    return roster_shape(ask.session, shown, ask.who)
