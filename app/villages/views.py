"""What a terminal plays: the recorded sentences of its own village."""

from flask import Response, request

from app.villages import queries
from app.web.api import Api
from app.web.floor import floor
from app.web.principals import TERMINAL, allow, known

api = Api("villages")


@api.blueprint.get("/prompts/<key>")
@allow(TERMINAL)
def recording(key: str) -> Response:
    """The recording of a sentence, in parts where the player asks for parts; asked again each time if it changed."""
    with floor().database.read() as session:
        found = queries.prompt(session, known().village, key)
        recorded, mime = found.recording, found.mime
    response = Response(recorded, content_type=mime)
    response.add_etag()
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request, accept_ranges=True, complete_length=len(recorded))
    return response
