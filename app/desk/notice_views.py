"""The desk's routes about notices: what the village decides of them, and what the desk itself is told."""

from app.desk import notice_terms, service, told
from app.desk.notice_shapes import DeskNoticesShape, TermsIn, TermsShape
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR
from app.web.shapes import Nothing

api = Api("desk_notices")


@api.query("/notices", COORDINATOR, gives=DeskNoticesShape)
def notices(ask: Ask) -> DeskNoticesShape:
    """What the desk was told and nobody has seen to, newest first."""
    return told.shown(ask.session, ask.who, ask.now)


@api.command("POST", "/notices/<notice_id>/close", COORDINATOR, gives=Nothing)
def close_notice(ask: Ask, notice_id: str) -> Nothing:
    """Take what was seen to off the list."""
    service.close_notice(ask.session, ask.who, notice_id, ask.now)
    return Nothing()


@api.query("/notices/terms", COORDINATOR, gives=TermsShape)
def terms(ask: Ask) -> TermsShape:
    """Quiet hours, budgets, which kinds are sent, and what this month cost."""
    return notice_terms.shown(ask.session, ask.who, ask.now)


@api.command("POST", "/notices/terms", COORDINATOR, gives=TermsShape, takes=TermsIn)
def change_terms(ask: Ask, body: TermsIn) -> TermsShape:
    """Change some of the village's terms."""
    return notice_terms.change(ask.session, ask.who, body, ask.now)
