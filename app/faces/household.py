"""`GET /api/families/<id>`: a family as the desk keeps it, with the doors that its people have come through."""

from app.desk import household
from app.desk.forms import EnrolledFamily, InvitedShape
from app.doors import invitations
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR

api = Api("household")


@api.query("/families/<family_id>", COORDINATOR, gives=EnrolledFamily)
def family(ask: Ask, family_id: str) -> EnrolledFamily:
    """A family with its people, consents, bans on contact and PIN."""
    invited = {
        person_id: InvitedShape(id=found.id, expires_at=found.expires_at, used=found.used_at is not None)
        for person_id in household.members_of(ask.session, ask.who, family_id)
        if (found := invitations.latest_of(ask.session, person_id))
    }
    return household.family_page(ask.session, ask.who, family_id, invited, ask.now)
