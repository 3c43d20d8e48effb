"""What is told of messages over HTTP."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.messages.words import From, MessageState, Repeat
from app.web.shapes import Id, InstantIn, InstantOut, Shape

MOST_HEARINGS = 200


class MessageShape(Shape):
    """`from` is the end that it comes from; `key` the name by which the asker's own device had sent it, else empty.

    `peaks` is base64 of one byte a part, 255 the loudest. `duration_ms`, `peaks` and the true `mime` are known once it
    was looked at. A sealed one is shown from `deliver_at` on, though it may be fetched before. `reason` says why it was
    refused. `photo`: a picture goes with it.
    """

    model_config = ConfigDict(extra="forbid", serialize_by_alias=True, validate_by_name=True)

    id: str
    key: str
    from_: Annotated[From, Field(alias="from")]
    from_name: str
    from_photo_id: str | None
    child_id: str
    contact_id: str
    state: MessageState
    reason: str | None
    sent_at: InstantOut
    deliver_at: InstantOut
    repeat: Repeat | None
    duration_ms: int | None
    peaks: str | None
    mime: str
    bytes: int
    photo: bool
    heard_at: InstantOut | None
    answers_id: str | None
    can: list[Literal["withdraw"]]


class ThreadIn(Shape):
    before: Id | None = None


class PairShape(Shape):
    child_id: str
    contact_id: str


class ThreadShape(Shape):
    """Those that are to be heard last at first; `next` is the `before` of the page that follows.

    `pairs`: who of those that the asker speaks for may send each other messages now.
    """

    messages: list[MessageShape]
    next: str | None
    pairs: list[PairShape]


class HearingIn(Shape):
    """`key` is the device's own name for this hearing, so that it counts once however often it is told."""

    message_id: Id
    key: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")]
    heard_at: InstantIn


class HearingsIn(Shape):
    hearings: Annotated[list[HearingIn], Field(min_length=1, max_length=MOST_HEARINGS)]


class HeardShape(Shape):
    """Messages whose hearings are written down, and those that are not there (any more)."""

    heard: list[str]
    gone: list[str]
