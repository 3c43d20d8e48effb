"""What a terminal can say, with the recordings that its village hears; and what its test of itself found."""

from typing import Annotated

from flask import Response, request
from pydantic import Field

from app.villages import prompts, service
from app.villages.catalogue import PLACES
from app.villages.words import MachinePart, Speech
from app.web import texts
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import COORDINATOR, TERMINAL, allow, known
from app.web.shapes import Nothing, Shape

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


Parts = Annotated[list[MachinePart], Field(max_length=len(MachinePart))]


class SelfTestIn(Shape):
    """`untried`: what somebody has to judge, and nobody did."""

    failed: Parts
    untried: Parts


@api.command("POST", "/self_test", TERMINAL, gives=Nothing, takes=SelfTestIn)
def tell_self_test(ask: Ask, body: SelfTestIn) -> Nothing:
    """Tell the desk what this terminal's test of itself found."""
    service.keep_self_test(ask.session, ask.who.village, ask.who.subject_id, body.failed, body.untried, ask.now)
    return Nothing()


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
