"""The desk's route about texts: whether they leave, by which gateways, and what became of those sent again."""

from app.desk import outage
from app.desk.outage_shapes import DeskTextsShape
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("desk_texts")


@api.query("/desk/texts", COORDINATOR, gives=DeskTextsShape)
def texts(ask: Ask) -> DeskTextsShape:
    """Say how texts leave, and what the desk was told and has not seen to."""
    return outage.page(ask.session, ask.who, ask.now)
