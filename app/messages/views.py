"""The routes of a family's thread: its messages, their recordings and pictures, taking back, telling what was heard.

A recording is opened piece by piece, with no transaction open, and only the pieces that were asked for. No cache of a
browser may keep it: what is kept to be heard again without a network, the device itself seals.
"""

import logging

from flask import Response, current_app, request
from werkzeug.datastructures import Range

from app.kernel.errors import Busy, NotAllowed, NotFound, Refused
from app.messages import life, picture, renditions, shelf, thread
from app.messages.life import Heard
from app.messages.pieces import Spoiled
from app.messages.shapes import HeardShape, HearingsIn, MessageShape, PairShape, ThreadIn, ThreadShape
from app.messages.vault import Erased, Place, Vault
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.principals import PERSON, TERMINAL, allow, known

log = logging.getLogger(__name__)

api = Api("messages")

VAULT = "homethread.vault"
PICTURE_MIME = "image/webp"
AWAY_SECONDS = 60


@api.query("/families/<family_id>/thread", PERSON, TERMINAL, gives=ThreadShape, takes=ThreadIn)
def messages(ask: Ask, asked: ThreadIn, family_id: str) -> ThreadShape:
    """A family's voice messages, a page of them."""
    page = thread.page(ask, family_id, asked.before)
    pairs = [PairShape(child_id=child_id, contact_id=contact_id) for child_id, contact_id in page.ends]
    return ThreadShape(messages=picture.shapes(ask, page.messages, page.ends), next=page.before, pairs=pairs)


@api.command("POST", "/messages/<message_id>/withdraw", PERSON, TERMINAL, gives=MessageShape)
def withdraw(ask: Ask, message_id: str) -> MessageShape:
    """Take a message back that nobody has heard; one that is repeated at any time."""
    message, end = thread.seen(ask, message_id)
    if end is not message.from_:
        raise NotAllowed
    life.withdraw(ask.session, message, ask.now)
    return picture.shapes(ask, [message], {(message.child_id, message.contact_id): end})[0]


@api.command("POST", "/messages/hearings", PERSON, TERMINAL, gives=HeardShape, takes=HearingsIn)
def hear(ask: Ask, body: HearingsIn) -> HeardShape:
    """Say which messages were heard to their end, each once by its own key."""
    found = thread.to_hear(ask, [each.message_id for each in body.hearings])
    if not found:
        raise NotFound
    for each in sorted(body.hearings, key=lambda said: said.message_id):  # in one order, so that no two wait in a ring
        if each.message_id in found:
            heard = Heard(each.message_id, each.key, each.heard_at)
            life.hear(ask.session, found[each.message_id], heard, ask.who, ask.now)
    gone = {each.message_id for each in body.hearings} - found.keys()
    return HeardShape(heard=sorted(found), gone=sorted(gone))


@api.blueprint.get("/messages/<message_id>/recording")
@allow(PERSON, TERMINAL)
def recording(message_id: str) -> Response:
    """What was said, in a form that plays where `mime` plays.

    Refused("rendition_later") while it is being made, Refused("rendition_failed") where it can't be, for now.
    """
    asked = request.args.get("mime", "")
    with floor().database.read() as session:
        ask = Ask(session, known(), floor().now())
        message, _end = thread.seen(ask, message_id)
        if fitting := renditions.fitting(session, message, asked):
            place = _place(ask, fitting[0])
    if fitting is None:
        with floor().database.begin() as session:
            renditions.ask_for(session, life.get(session, message_id), floor().now())
        raise Refused("rendition_later")
    return _bytes(place, fitting[1])


@api.blueprint.get("/messages/<message_id>/photo")
@allow(PERSON, TERMINAL)
def photo(message_id: str) -> Response:
    """The picture that goes with a message, once it was looked at; with the consent for pictures."""
    with floor().database.read() as session:
        ask = Ask(session, known(), floor().now())
        message, _end = thread.seen(ask, message_id)
        if not picture.shows_photo(ask, message):
            raise NotFound
        place = _place(ask, message.photo_blob_id)
    return _bytes(place, PICTURE_MIME)


def _place(ask: Ask, blob_id: str | None) -> Place:
    vault: Vault = current_app.extensions[VAULT]
    try:
        return shelf.place_of(ask.session, vault, blob_id or "")
    except (KeyError, Erased) as gone:
        raise NotFound from gone


def _bytes(place: Place, mime: str) -> Response:
    """All of it, or the one range that was asked for (RFC 9110, 14)."""
    length, headers = place.length_bytes, {"Accept-Ranges": "bytes", "Cache-Control": "private, no-store"}
    from_byte, until_byte, status = 0, length, 200
    if request.if_none_match.contains(place.blob_id):
        status, until_byte = 304, 0
    elif (wanted := _range(place.blob_id)) is not None:
        within = wanted.range_for_length(length)
        if within is None:
            return Response(status=416, headers=headers | {"Content-Range": f"bytes */{length}"})
        from_byte, until_byte, status = within[0], within[1], 206
        headers["Content-Range"] = f"bytes {from_byte}-{until_byte - 1}/{length}"
    response = Response(_read(place, from_byte, until_byte), status, headers, content_type=mime)
    response.set_etag(place.blob_id)
    return response


def _range(version: str) -> Range | None:
    """None where all is wanted: no range, several, or one of another version."""
    wanted, known_as = request.range, request.if_range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1 or known_as.date is not None:
        return None
    return wanted if known_as.etag in (None, version) else None


def _read(place: Place, from_byte: int, until_byte: int) -> bytes:
    vault: Vault = current_app.extensions[VAULT]
    if from_byte == until_byte:
        return b""
    try:
        return b"".join(vault.read(place, from_byte, until_byte))
    except (Spoiled, OSError) as lost:
        log.error("a recording can't be read: %s", lost)
        raise Busy("recording_away", AWAY_SECONDS) from lost
