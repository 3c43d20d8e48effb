"""Photos over HTTP: shown to whoever may see the person, taken from a parent of the family or the desk."""

from datetime import datetime

from flask import Response, current_app, request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.families import pins, queries, service
from app.families.photos import EDGES_PX
from app.families.words import MemberRole
from app.jobs.service import emit
from app.kernel.errors import NotFound
from app.kernel.events import PhotoTaken
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, PERSON, TERMINAL, Principal, allow, known

api = Api("families")

# What families can't know themselves, given by whoever puts the rooms together: (session, terminal, person, now).
SEEN_IN_CALL = "homethread.seen_in_call"


class PhotoShape(BaseModel):
    photo: str


@api.blueprint.get("/photos/<photo_id>/<int:edge_px>.webp")
@allow(PERSON, TERMINAL, COORDINATOR)
def picture(photo_id: str, edge_px: int) -> Response:
    """A photo in one of its sizes. Its bytes never change: a newer photo has another id.

    A phone and a desk keep it as their browser does; a terminal, which is everybody's, seals what it keeps.
    """
    if edge_px not in EDGES_PX:
        raise NotFound
    with floor().database.read() as session:
        found = queries.photo(session, photo_id, edge_px)
        if not _may_see(session, known(), found.person_id, floor().now()):
            raise NotFound
        response = Response(found.webp, mimetype="image/webp")
    response.set_etag(f"{photo_id}-{edge_px}")
    kept = "no-store" if known().kind is TERMINAL else "private, max-age=31536000, immutable"
    response.headers["Cache-Control"] = kept
    response.make_conditional(request)
    return response


@api.command("POST", "/families/<family_id>/photos/<person_id>", PERSON, COORDINATOR, gives=PhotoShape, status=201)
def set_photo(ask: Ask, family_id: str, person_id: str) -> PhotoShape:
    """Give a member of a family a new photo; the body is the picture itself."""
    is_theirs = _keeps_photos(ask, family_id) and queries.is_member(ask.session, family_id, person_id)
    if not is_theirs or not _may_see(ask.session, ask.who, person_id, ask.now):
        raise NotFound
    emit(ask.session, PhotoTaken(ask.now, family_id, person_id, ask.who.name), ask.now)
    return PhotoShape(photo=service.set_photo(ask.session, person_id, request.get_data(), ask.now))


def _keeps_photos(ask: Ask, family_id: str) -> bool:
    """Whether it is for this person or desk to choose the pictures of a family."""
    if ask.who.kind is PERSON:
        return queries.is_member(ask.session, family_id, ask.who.subject_id, MemberRole.PARENT)
    return queries.village_of(ask.session, family_id) == ask.who.village


def _may_see(session: Session, who: Principal, person_id: str, now: datetime) -> bool:
    if who.kind is PERSON:
        return queries.person_seen_by(session, who.subject_id, person_id, now)
    if not queries.person_seen_in_village(session, who.village, person_id):
        return False
    if who.kind is not TERMINAL or not pins.hides(session, who.village, who.device_id, person_id, now):
        return True
    is_seen_in_call: bool = current_app.extensions[SEEN_IN_CALL](session, who.subject_id, person_id, now)
    return is_seen_in_call
