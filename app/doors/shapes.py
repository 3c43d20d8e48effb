"""What the doors take and give, on the wire."""

from typing import Annotated, Literal

from pydantic import Field

from app.calls.shapes import Id, InstantOut, Shape, Text

Typed = Annotated[Text, Field(min_length=1, max_length=40)]
Challenge = Annotated[Text, Field(min_length=1, max_length=64)]


class CodeIn(Shape):
    """`region` is the country in which a number without a country code is read: two capital letters."""

    number: Typed
    region: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None


class CodeAsked(Shape):
    challenge: str
    expires_at: InstantOut
    digits: int


class ProveIn(Shape):
    challenge: Challenge
    code: Typed


class ChooseIn(Shape):
    challenge: Challenge
    person_id: Id


class InvitationCodeIn(Shape):
    code: Typed


class FaceShape(Shape):
    """Somebody who shares the number; the photo is a data: address, since nobody is signed in yet."""

    id: str
    name: str
    photo: str | None


class SignedIn(Shape):
    signed_in: bool
    faces: list[FaceShape] = Field(default_factory=list)


class DeviceShape(Shape):
    id: str
    label: str | None
    opened_by: str | None
    opened_at: InstantOut
    seen_at: InstantOut | None
    is_this: bool


class DevicesShape(Shape):
    devices: list[DeviceShape]


class InviteIn(Shape):
    person_id: Id
    channel: Literal["card", "text"]


class Named(Shape):
    id: str
    name: str


class InvitationShape(Shape):
    """`qr_svg` holds `url`, which carries the code behind a #, so that no server's log sees it."""

    id: str
    code: str
    url: str
    qr_svg: str
    person: Named
    expires_at: InstantOut


class NumberIn(Shape):
    number: Typed


class CodeSent(Shape):
    expires_at: InstantOut


class ConfirmIn(Shape):
    code: Typed


class NumberShape(Shape):
    number: str
