"""The desk's routes about its village: hours, closures, the promise, terminals at a glance, the audit."""

from app.calls.shapes import Nothing
from app.desk import audit, hours
from app.desk.forms import AuditPage, AuditSearch, ClosedShape, ClosureIn, OpeningsIn, PromiseIn, VillagePage
from app.villages.rules import OpeningFacts
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("village")


@api.query("/village", COORDINATOR, gives=VillagePage)
def village(ask: Ask) -> VillagePage:
    """The village's hours, closures, terminals and free emblems."""
    return hours.page(ask.session, ask.who, ask.now)


@api.command("POST", "/openings", COORDINATOR, gives=Nothing, takes=OpeningsIn)
def set_openings(ask: Ask, body: OpeningsIn) -> Nothing:
    """Replace the weekly hours."""
    openings = [OpeningFacts(each.weekday, each.opens_minute, each.closes_minute) for each in body.openings]
    hours.set_openings(ask.session, ask.who, openings, ask.now)
    return Nothing()


@api.command("POST", "/village/promise", COORDINATOR, gives=Nothing, takes=PromiseIn)
def set_promise(ask: Ask, body: PromiseIn) -> Nothing:
    """Promise that every child is heard within so many days."""
    hours.set_promise(ask.session, ask.who, body.days, ask.now)
    return Nothing()


@api.command("POST", "/closures", COORDINATOR, gives=ClosedShape, takes=ClosureIn, status=201)
def close(ask: Ask, body: ClosureIn) -> ClosedShape:
    """Close the village or a terminal for once."""
    closure, calls = hours.close(
        ask.session, ask.who, terminal_id=body.terminal_id, starts_at=body.starts_at, ends_at=body.ends_at,
        reason=body.reason, now=ask.now,
    )  # fmt: skip
    return ClosedShape(id=closure.id, calls=calls)


@api.command("POST", "/closures/<closure_id>/lift", COORDINATOR, gives=Nothing)
def lift_closure(ask: Ask, closure_id: str) -> Nothing:
    """Open again before a closure is over."""
    hours.lift(ask.session, ask.who, closure_id, ask.now)
    return Nothing()


@api.command("POST", "/terminals/<terminal_id>/check_line", COORDINATOR, gives=Nothing)
def check_line(ask: Ask, terminal_id: str) -> Nothing:
    """Have a free terminal try its line."""
    hours.check_line(ask.session, ask.who, terminal_id, ask.now)
    return Nothing()


@api.query("/audit", COORDINATOR, gives=AuditPage, takes=AuditSearch)
def audit_page(ask: Ask, search: AuditSearch) -> AuditPage:
    """What the desk did, the latest first."""
    return audit.page(ask.session, ask.who, search.before)
