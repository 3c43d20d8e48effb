"""The routes of a family's texts: its village's terminal and desk and its own people read them; the terminal hears."""

from typing import Annotated

from pydantic import Field

from app.families import pins
from app.families import queries as families
from app.families.models import Family
from app.kernel.errors import NotFound, Refused
from app.sms import rules, thread
from app.sms.thread import Written
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from app.web.shapes import Id, InstantOut, Shape

api = Api("texts")


class TextShape(Shape):
    """`language` is the one to read it aloud in; `photo_id` is the writer's. `heard_at`: at the terminal."""

    id: str
    from_person: str
    name: str
    photo_id: str | None
    text: str
    language: str
    at: InstantOut
    heard_at: InstantOut | None


class TextsShape(Shape):
    """The latest, oldest first."""

    texts: list[TextShape]


class HeardIn(Shape):
    ids: Annotated[list[Id], Field(max_length=thread.MOST)]


@api.query("/families/<family_id>/texts", PERSON, TERMINAL, COORDINATOR, gives=TextsShape)
def texts(ask: Ask, family_id: str) -> TextsShape:
    """What a family's people wrote to it by text."""
    return _shape(ask, _seen(ask, family_id))


@api.command("POST", "/families/<family_id>/texts/heard", TERMINAL, gives=TextsShape, takes=HeardIn)
def hear(ask: Ask, body: HeardIn, family_id: str) -> TextsShape:
    """Say which texts were heard."""
    family = _seen(ask, family_id)
    thread.hear(ask.session, family, body.ids, ask.now)
    return _shape(ask, family)


def _seen(ask: Ask, family_id: str) -> Family:
    """The family, if it is the asker's or of the asker's village. At a terminal what is behind a PIN is left alone."""
    if ask.who.kind is PERSON:
        family = ask.session.get(Family, family_id)
        if family is None or not families.is_member(ask.session, family_id, ask.who.subject_id):
            raise NotFound
        return family
    family = families.family_of_village(ask.session, ask.who.village, family_id)
    if ask.who.kind is TERMINAL and pins.must_ask(ask.session, ask.who.device_id, family_id, ask.now):
        raise Refused("pin_needed")
    return family


def _shape(ask: Ask, family: Family) -> TextsShape:
    reader_id = ask.who.subject_id if ask.who.kind is PERSON else None
    return TextsShape(texts=[_text(each) for each in thread.of_family(ask.session, family.id, ask.now, reader_id)])


def _text(written: Written) -> TextShape:
    text, writer = written.text, written.writer
    return TextShape(
        id=text.id, from_person=writer.id, name=writer.name, photo_id=writer.photo_id, text=text.text,
        language=rules.language_of(text.text, writer.language), at=text.at, heard_at=text.heard_at,
    )  # fmt: skip
