"""What a terminal can say: every sentence with its text, and the recordings that its village hears."""

from flask import Response, request

from app.villages import prompts
from app.villages.catalogue import PLACES
from app.villages.words import Speech
from app.web import texts
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, TERMINAL, allow, known
from app.web.shapes import Shape

api = Api("villages")

MIME = "audio/ogg"


class SentenceShape(Shape):
    """`url` is null where nobody has recorded it; another recording has another one."""

    key: str
    text: str
    speech: Speech | None
    url: str | None


class SentencesShape(Shape):
    """`mark` is the one that `now` tells too."""

    mark: str
    language: str
    sentences: list[SentenceShape]


@api.query("/prompts", TERMINAL, gives=SentencesShape)
def sentences(ask: Ask) -> SentencesShape:
    """Every sentence that a terminal can say, in the nearest speech that has it recorded."""
    said, heard = texts.texts_of(ask.who.language), prompts.heard(ask.session, ask.who.village)
    return SentencesShape(
        mark=prompts.mark(heard), language=ask.who.language,
        sentences=[
            SentenceShape(
                key=key, text=said[key], speech=heard[key].speech if key in heard else None,
                url=url_of(heard[key].sha256) if key in heard else None,
            )
            for keys in PLACES.values()
            for key in keys
        ],
    )  # fmt: skip


@api.blueprint.get("/prompts/recordings/<sha256>")
@allow(TERMINAL, COORDINATOR)
def recording(sha256: str) -> Response:
    """A recording that this village hears, in parts where the player asks for parts. Its bytes never change."""
    with floor().database.read() as session:
        recorded = prompts.recording(session, known().village, sha256)
    response = Response(recorded, content_type=MIME)
    response.set_etag(sha256)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.make_conditional(request, accept_ranges=True, complete_length=len(recorded))
    return response


def url_of(sha256: str) -> str:
    return f"/api/prompts/recordings/{sha256}"
