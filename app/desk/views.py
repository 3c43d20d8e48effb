"""The desk's routes under /api: the ledger, a call's trail, mending what failed. Only for its own village."""

from app.calls.shapes import Nothing
from app.desk import ledger as ledgers
from app.desk import queries, service
from app.desk.shapes import LedgerShape, TrailShape
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("desk")


@api.query("/ledger", COORDINATOR, gives=LedgerShape)
def ledger(ask: Ask) -> LedgerShape:
    """Who was reached when, and who was not."""
    return ledgers.ledger(ask.session, ask.who, ask.now)


@api.query("/calls/<call_id>/trail", COORDINATOR, gives=TrailShape)
def trail(ask: Ask, call_id: str) -> TrailShape:
    """What happened to a call, and who was told."""
    return queries.trail(ask.session, ask.who, call_id)


@api.command("POST", "/dead/<row_id>/revive", COORDINATOR, gives=Nothing)
def revive(ask: Ask, row_id: str) -> Nothing:
    """Try work again that was given up."""
    service.revive(ask.session, ask.who, row_id, ask.now)
    return Nothing()


@api.command("POST", "/deliveries/<delivery_id>/send_again", COORDINATOR, gives=Nothing)
def send_again(ask: Ask, delivery_id: str) -> Nothing:
    """Send a text again that was not delivered."""
    service.send_again(ask.session, ask.who, delivery_id, ask.now)
    return Nothing()
