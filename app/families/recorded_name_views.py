"""A parent's recorded name over HTTP: said and heard by oneself, and by the terminal at which one's call is open."""

from flask import Response, current_app, request
from sqlalchemy.orm import Session

from app.families import recorded_names
from app.families.views import SEEN_IN_CALL
from app.kernel.errors import NotFound
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import PERSON, TERMINAL, Principal, allow, known
from app.web.shapes import Nothing, Shape

api = Api("recorded_names")

MIME = "audio/ogg"


class RecordedNameShape(Shape):
    url: str


@api.blueprint.get("/recorded_names/<recorded_name_id>")
@allow(PERSON, TERMINAL)
def recorded_name(recorded_name_id: str) -> Response:
    """One's own, or whose call is open at this terminal. Its bytes never change: a newer one has another id."""
    with floor().database.read() as session:
        found = recorded_names.get(session, recorded_name_id)
        if not _may_hear(session, known(), found.person_id):
            raise NotFound
        response = Response(found.recording, content_type=MIME)
    response.headers["Cache-Control"] = "no-store"  # the pages seal what they keep
    return response


@api.command("POST", "/recorded_name", PERSON, gives=RecordedNameShape, status=201)
def record_name(ask: Ask) -> RecordedNameShape:
    """Say who calls, in one's own voice; the body is the recording itself, an Ogg file with Opus."""
    kept = recorded_names.keep(ask.session, ask.who.subject_id, request.get_data(), ask.now)
    return RecordedNameShape(url=url_of(kept.id))


@api.command("POST", "/recorded_name/remove", PERSON, gives=Nothing)
def remove_name(ask: Ask) -> Nothing:
    """Let terminals say who calls as they did before."""
    recorded_names.remove(ask.session, ask.who.subject_id, ask.now)
    return Nothing()


def url_of(recorded_name_id: str) -> str:
    return f"/api/recorded_names/{recorded_name_id}"


def _may_hear(session: Session, who: Principal, person_id: str) -> bool:
    if who.kind is PERSON:
        return who.subject_id == person_id
    is_seen_in_call: bool = current_app.extensions[SEEN_IN_CALL](session, who.subject_id, person_id, floor().now())
    return is_seen_in_call
