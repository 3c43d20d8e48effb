"""The doors for people under /api: codes by text, invitations, numbers, and the devices that are signed in."""

import base64

import segno
from flask import after_this_request
from flask.wrappers import Response

from app.calls.picture import SMALL_PX
from app.calls.shapes import Nothing
from app.doors import codes, devices, invitations, numbers, rules
from app.doors.invitations import Invited
from app.doors.shapes import (
    ChooseIn,
    CodeAsked,
    CodeIn,
    CodeSent,
    ConfirmIn,
    DevicesShape,
    FaceShape,
    InvitationCodeIn,
    InvitationShape,
    InviteIn,
    Named,
    NumberIn,
    NumberShape,
    ProveIn,
    SignedIn,
)
from app.families import queries as families
from app.families.models import Person
from app.web.api import Api, Ask, Door, Entered
from app.web.floor import floor
from app.web.principals import COORDINATOR, PERSON, drop_token

api = Api("doors")


@api.entrance("/sign_in/code", gives=CodeAsked, takes=CodeIn)
def ask_code(door: Door, body: CodeIn) -> Entered:
    """Have a code texted to a number; the answer is the same for every number."""
    asked = codes.ask(door, body.number, body.region)
    return Entered(CodeAsked(challenge=asked.challenge, expires_at=asked.expires_at, digits=rules.CODE_DIGITS))


@api.entrance("/sign_in/prove", gives=SignedIn, takes=ProveIn)
def prove(door: Door, body: ProveIn) -> Entered:
    """Give the code; whose number is shared chooses a face next."""
    proved = codes.prove(door, body.challenge, body.code)
    faces = [_face(door, person) for person in proved.faces]
    return Entered(SignedIn(signed_in=proved.token is not None, faces=faces), PERSON, proved.token)


@api.entrance("/sign_in/choose", gives=SignedIn, takes=ChooseIn)
def choose(door: Door, body: ChooseIn) -> Entered:
    """Say who of those who share a number it is."""
    return Entered(SignedIn(signed_in=True), PERSON, codes.choose(door, body.challenge, body.person_id))


@api.entrance("/sign_in/invitation", gives=SignedIn, takes=InvitationCodeIn)
def accept(door: Door, body: InvitationCodeIn) -> Entered:
    """Come in by the digits of a card or a text."""
    return Entered(SignedIn(signed_in=True), PERSON, invitations.accept(door, body.code))


@api.command("POST", "/sign_out", PERSON, COORDINATOR, gives=Nothing)
def sign_out(ask: Ask) -> Nothing:
    """End this session."""
    devices.end(ask, ask.who.device_id)

    @after_this_request
    def forget(response: Response) -> Response:
        drop_token(response, ask.who.kind)
        return response

    return Nothing()


@api.query("/devices", PERSON, COORDINATOR, gives=DevicesShape)
def list_devices(ask: Ask) -> DevicesShape:
    """List where one is signed in."""
    return devices.listed(ask)


@api.command("POST", "/devices/<device_id>/end", PERSON, COORDINATOR, gives=Nothing)
def end_device(ask: Ask, device_id: str) -> Nothing:
    """Sign one of one's own devices out."""
    devices.end(ask, device_id)
    return Nothing()


@api.command("POST", "/invitations", COORDINATOR, gives=InvitationShape, takes=InviteIn, status=201)
def invite(ask: Ask, body: InviteIn) -> InvitationShape:
    """Invite somebody by a card to print or by a text."""
    return invitation_shape(invitations.invite(ask, floor().sealer, body.person_id, body.channel))


@api.command("POST", "/invitations/<invitation_id>/revoke", COORDINATOR, gives=Nothing)
def revoke_invitation(ask: Ask, invitation_id: str) -> Nothing:
    """Make an invitation worthless."""
    invitations.revoke(ask, invitation_id)
    return Nothing()


@api.command("POST", "/persons/<person_id>/number", COORDINATOR, gives=CodeSent, takes=NumberIn)
def send_number_code(ask: Ask, body: NumberIn, person_id: str) -> CodeSent:
    """Text a code to a number that is to be somebody's."""
    return CodeSent(expires_at=numbers.send_code(ask, floor().sealer, person_id, body.number))


@api.command("POST", "/persons/<person_id>/number/confirm", COORDINATOR, gives=NumberShape, takes=ConfirmIn)
def confirm_number(ask: Ask, body: ConfirmIn, person_id: str) -> NumberShape:
    """Take the number as theirs, by the code that was read back."""
    return NumberShape(number=numbers.confirm(ask, floor().sealer, person_id, body.code))


@api.command("POST", "/persons/<person_id>/number/show", COORDINATOR, gives=NumberShape)
def show_number(ask: Ask, person_id: str) -> NumberShape:
    """Show a number to whoever wants to dial it; that is kept."""
    return NumberShape(number=numbers.show(ask, person_id))


def invitation_shape(made: Invited) -> InvitationShape:
    """An invitation as it is shown, once."""
    url = f"{floor().public_url}/phone#join={made.code}"
    return InvitationShape(
        id=made.invitation.id, code=made.code, url=url, qr_svg=segno.make(url, error="m").svg_inline(scale=4),
        person=Named(id=made.person.id, name=made.person.name), expires_at=made.invitation.expires_at,
    )  # fmt: skip


def _face(door: Door, person: Person) -> FaceShape:
    if person.photo_id is None:
        return FaceShape(id=person.id, name=person.name, photo=None)
    with door.floor.database.read() as session:
        small = families.photo(session, person.photo_id, SMALL_PX).webp
    photo = f"data:image/webp;base64,{base64.b64encode(small).decode()}"
    return FaceShape(id=person.id, name=person.name, photo=photo)
