"""The desk's routes about texts that cost something: to everybody of the village, and of a roster before it is told."""

from collections.abc import Sequence

from flask import current_app

from app.desk import broadcasts, roster_costs
from app.desk.broadcast_shapes import BroadcastIn, BroadcastShape, CostShape, PreviewShape
from app.notices.ports import SmsGateway
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("broadcasts")

GATEWAYS = "homethread.sms_gateways"  # the application's gateways, the first to be tried in front


@api.command("POST", "/broadcasts/preview", COORDINATOR, gives=PreviewShape, takes=BroadcastIn)
def preview_broadcast(ask: Ask, body: BroadcastIn) -> PreviewShape:
    """Say what a text to everybody would cost; nothing is sent."""
    return broadcasts.preview(ask.session, ask.who, _gateways(), body.text, ask.now)


@api.command("POST", "/broadcasts", COORDINATOR, gives=BroadcastShape, takes=BroadcastIn, status=201)
def broadcast(ask: Ask, body: BroadcastIn) -> BroadcastShape:
    """Send a text to every parent and caregiver of the village."""
    return broadcasts.send(ask.session, ask.who, _gateways(), body.text, ask.now)


@api.query("/rosters/<roster_id>/cost", COORDINATOR, gives=CostShape)
def roster_cost(ask: Ask, roster_id: str) -> CostShape:
    """Say what telling everybody of a draft would cost."""
    return roster_costs.of_draft(ask.session, ask.who.village, roster_id, _gateways(), ask.now)


def _gateways() -> Sequence[SmsGateway]:
    found: Sequence[SmsGateway] = current_app.extensions[GATEWAYS]
    return found
