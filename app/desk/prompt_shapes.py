"""The page of prompts at the desk, and what is recorded and taken from packs, on the wire."""

from typing import Annotated

from pydantic import Field

from app.villages.words import Speech
from app.web.shapes import InstantOut, Shape, Text

LONGEST_BASE64 = 60_000


class PromptIn(Shape):
    """`recording`: an Ogg file with Opus, in base64."""

    key: Annotated[Text, Field(min_length=1, max_length=64)]
    recording: Annotated[str, Field(min_length=1, max_length=LONGEST_BASE64)]


class RegionIn(Shape):
    """The word by which villages that speak alike know each other; empty: none."""

    region: Annotated[Text, Field(max_length=40)]


class RecordedShape(Shape):
    id: str


class PromptShape(Shape):
    """A sentence, to be read out in the village's language (`said`); `text` is the same for whoever sits at the desk.

    `speech` is whose recording is heard now, null: nobody's. `prompt_id` is null where it is not this village's own.
    """

    key: str
    text: str
    said: str
    seconds: int
    speech: Speech | None = None
    prompt_id: str | None = None
    url: str | None = None
    duration_ms: int | None = None
    recorded_at: InstantOut | None = None


class PlaceShape(Shape):
    place: str
    prompts: list[PromptShape]


class PromptsPage(Shape):
    """`recorded` of `count` are in the village's own speech, `heard` have a recording from anywhere."""

    language: str
    region: str
    regions: list[str]
    count: int
    recorded: int
    heard: int
    places: list[PlaceShape]


class TakenShape(Shape):
    """How many of a pack were taken, stood there already, and are sentences that this version doesn't know."""

    taken: int
    standing: int
    unknown: int
