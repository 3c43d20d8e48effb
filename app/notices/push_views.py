"""Pushes under /api: whether a device gets them, its subscription, a trial, and what was read."""

import base64
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric import ec
from flask import current_app
from pydantic import Field

from app.families import queries as families
from app.kernel.errors import Invalid, Kept, Refused
from app.notices import push_trial, pushes, reading, terms
from app.notices.ports import PushSender, Subscription
from app.web import limits
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON
from app.web.sessions import hashed
from app.web.shapes import Id, Nothing, Shape, Text

api = Api("push")

SENDER = "homethread.push_sender"  # the application's PushSender, or None
TRIALS = limits.Limit("push_trial", 10, 3600)
AUTH_BYTES = 16  # RFC 8291, 3.2

Endpoint = Annotated[Text, Field(min_length=1, max_length=1000)]
Key = Annotated[str, Field(pattern="^[A-Za-z0-9_-]+=*$", max_length=120)]


class PushShape(Shape):
    """`is_on`: this device gets pushes. `public_key` is what it subscribes with; where there is none, `why` says so."""

    is_on: bool
    public_key: str | None
    why: Literal["no_key", "village"] | None


class SubscriptionIn(Shape):
    """What a browser's PushSubscription says; `replaces` is the endpoint that it had before."""

    endpoint: Endpoint
    p256dh: Key
    auth: Key
    replaces: Endpoint | None = None


class EndpointIn(Shape):
    endpoint: Endpoint


class ReadIn(Shape):
    """`ids` of notices that were read; null is all that was pushed so far."""

    ids: Annotated[list[Id], Field(max_length=100)] | None = None


@api.query("/push", PERSON, COORDINATOR, gives=PushShape)
def push(ask: Ask) -> PushShape:
    """Tell whether this device gets pushes, and how it could."""
    sender, why = _sender(), _why_not(ask)
    is_on = why is None and pushes.of_device(ask.session, ask.who, ask.now) is not None
    return PushShape(is_on=is_on, public_key=sender.public_key if sender and why is None else None, why=why)


@api.command("POST", "/push", PERSON, COORDINATOR, gives=Nothing, takes=SubscriptionIn)
def subscribe(ask: Ask, body: SubscriptionIn) -> Nothing:
    """Have this device told by pushes."""
    sender = _sender()
    if sender is None or _why_not(ask):
        raise Refused("push_off")
    wanted = _checked(sender, body)
    if body.replaces and body.replaces != body.endpoint:
        pushes.unsubscribe(ask.session, ask.who, body.replaces, ask.now, pushes.REPLACED)
    pushes.subscribe(ask.session, ask.who, wanted, ask.now)
    return Nothing()


@api.command("POST", "/push/end", PERSON, COORDINATOR, gives=Nothing, takes=EndpointIn)
def unsubscribe(ask: Ask, body: EndpointIn) -> Nothing:
    """Have this device told by pushes no more."""
    pushes.unsubscribe(ask.session, ask.who, body.endpoint, ask.now)
    return Nothing()


@api.command("POST", "/push/trial", PERSON, COORDINATOR, gives=Nothing)
def try_out(ask: Ask) -> Nothing:
    """Have one push sent to this device, to see whether it comes."""
    own = pushes.of_device(ask.session, ask.who, ask.now)
    if own is None or _why_not(ask):
        raise Refused("push_off")
    if refusal := limits.one_more(ask.session, [(TRIALS, hashed(ask.who.name))], ask.now):
        raise Kept(refusal)
    push_trial.put(ask.session, own, ask.who, ask.now)
    return Nothing()


@api.command("POST", "/notices/read", PERSON, gives=Nothing, takes=ReadIn)
def read(ask: Ask, body: ReadIn) -> Nothing:
    """Say that notices were read, so that no text follows the push."""
    reading.read(ask.session, ask.who.subject_id, body.ids, ask.now)
    return Nothing()


def _sender() -> PushSender | None:
    found: PushSender | None = current_app.extensions[SENDER]
    return found


def _why_not(ask: Ask) -> Literal["no_key", "village"] | None:
    if _sender() is None:
        return "no_key"
    if ask.who.kind is COORDINATOR:
        village_ids = [ask.who.village]
    else:
        village_ids = [each.village_id for each in families.families_of_person(ask.session, ask.who.subject_id)]
    is_on = any(terms.terms_of(ask.session, village_id).is_push_on for village_id in village_ids)
    return None if is_on else "village"


def _checked(sender: PushSender, body: SubscriptionIn) -> Subscription:
    """What can be sent to. Raises Invalid("bad_push_subscription")."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(body.p256dh))
        is_good = len(_bytes(body.auth)) == AUTH_BYTES and sender.accepts(body.endpoint)
    except ValueError:
        is_good = False
    if not is_good:
        raise Invalid("bad_push_subscription")
    return Subscription(body.endpoint, body.p256dh.rstrip("="), body.auth.rstrip("="))


def _bytes(key: str) -> bytes:
    bare = key.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
