"""Uploads over HTTP: tus 1.0.0 with creation, creation-with-upload, checksum, expiration and termination.

https://tus.io/protocols/resumable-upload. What may be uploaded is decided in `wishes.py` and `rules.py`; here stand
headers and statuses, in `taking.py` how bytes are taken that come slowly or break off: all that came is kept.
"""

import base64
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Blueprint, Response, request

from app.kernel.errors import Busy, HomethreadError, Invalid, TooLarge
from app.messages import rules, service, uploads, wishes
from app.messages.models import Upload
from app.messages.pieces import Spoiled
from app.messages.ports import NoRoom, Occupied
from app.messages.taking import Taking, WrongChecksum
from app.messages.uploads import Held
from app.messages.vault import Vault
from app.web import media_requests
from app.web.api import Ask
from app.web.floor import floor
from app.web.principals import ANYONE, MEDIA, PERSON, TERMINAL, allow, known

log = logging.getLogger(__name__)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = ("sha1", "sha256")
OFFSET_TYPE = "application/offset+octet-stream"
LARGEST_METADATA = 4_000
BUSY_SECONDS = 3


class WrongVersion(HomethreadError):
    status = 412


class WrongType(HomethreadError):
    status = 415


class StoreFull(HomethreadError):
    status = 507


@dataclass(frozen=True)
class Taker:
    """What every request for uploads stands on. `slots` leaves threads for all other requests: uploads are slow."""

    vault: Vault
    slots: threading.BoundedSemaphore

    @contextmanager
    def slot(self) -> Iterator[None]:
        if not self.slots.acquire(blocking=False):
            raise Busy("uploads_busy", BUSY_SECONDS)
        try:
            yield
        finally:
            self.slots.release()


def blueprint(vault: Vault, most_at_once: int) -> Blueprint:
    routes = Blueprint("uploads", __name__, url_prefix="/uploads")
    taker = Taker(vault, threading.BoundedSemaphore(most_at_once))
    routes.before_request(_check_version)
    routes.before_request(media_requests.let_in)
    routes.after_request(_say_version)

    @routes.route("", methods=["OPTIONS"], provide_automatic_options=False)
    @routes.route("/<upload_id>", methods=["OPTIONS"], provide_automatic_options=False)
    @allow(ANYONE)
    def options(upload_id: str = "") -> Response:
        del upload_id
        said = {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(rules.VOICE_BYTES)}
        return Response(status=204, headers=said | {"Tus-Checksum-Algorithm": ",".join(ALGORITHMS)})

    @routes.post("")
    @allow(PERSON, TERMINAL, MEDIA)
    def create() -> Response:
        return _create(taker)

    @routes.route("/<upload_id>", methods=["HEAD"])
    @allow(PERSON, TERMINAL, MEDIA)
    def head(upload_id: str) -> Response:
        with floor().database.read() as session:
            upload = uploads.of(session, known(), upload_id, floor().now())
            return Response(headers=_progress(upload) | {"Upload-Length": str(uploads.length_of(session, upload))})

    @routes.patch("/<upload_id>")
    @allow(PERSON, TERMINAL, MEDIA)
    def patch(upload_id: str) -> Response:
        if request.mimetype != OFFSET_TYPE:
            raise WrongType("not_understood")
        return Response(status=204, headers=_add(taker, upload_id, _number("Upload-Offset")))

    @routes.delete("/<upload_id>")
    @allow(PERSON, TERMINAL, MEDIA)
    def terminate(upload_id: str) -> Response:
        with floor().database.begin() as session:
            upload = uploads.of(session, known(), upload_id, floor().now())
            service.drop_upload(session, upload, floor().now())
        return Response(status=204)

    return routes


def _create(taker: Taker) -> Response:
    if "Upload-Concat" in request.headers:  # parts of one would each be taken for a whole
        raise Invalid("not_understood", fields={"Upload-Concat": "not_taken"})
    length, said = _number("Upload-Length"), _metadata()
    with floor().database.begin() as session:
        ask, who = Ask(session, known(), floor().now()), known()
        if who.kind is MEDIA:
            who, wish = wishes.read_left(ask, said, length)
        else:
            wish = wishes.read(ask, said, length)
        upload = uploads.make(session, taker.vault, who, wish, ask.now)
        told = _progress(upload) | {"Location": f"/uploads/{upload.id}"}
        goes_on = request.mimetype == OFFSET_TYPE and upload.offset_bytes == 0
    if goes_on:
        told |= _add(taker, upload.id, 0)
    return Response(status=201, headers=told)


def _add(taker: Taker, upload_id: str, offset: int) -> dict[str, str]:
    """Take the body of this request; the headers that say how far it went."""
    checksum = _checksum()
    if checksum and (request.content_length or 0) > rules.PATCH_BYTES:  # it is held in memory
        raise TooLarge("upload_too_large", most_bytes=rules.PATCH_BYTES)
    with taker.slot():
        with floor().database.begin() as session:
            held = uploads.lock(session, taker.vault, known(), upload_id, offset, floor().now())
        taking = Taking(taker.vault, held, held.offset, rules.renew_at(floor().now()))
        try:
            taking.whole(*checksum) if checksum else taking.as_it_comes()
            taking.check_whole()
        except Occupied as writing:
            raise uploads.Locked("upload_locked") from writing
        except NoRoom as full:
            raise StoreFull("store_full") from full
        except Spoiled as lost:  # by the disk; what the device has it sends anew
            taking.reached = 0
            raise WrongChecksum("wrong_checksum") from lost
        except OSError as away:
            log.warning("the store of recordings: %s", away)
            raise Busy("unavailable", BUSY_SECONDS) from away
        finally:
            moved = _settle(held, taking.reached)
    return moved


def _settle(held: Held, reached: int) -> dict[str, str]:
    with floor().database.begin() as session:
        complete = uploads.move(session, held, reached, floor().now())
        if complete is not None:
            service.arrived(session, complete, floor().now())
        return _progress(session.get_one(Upload, held.upload_id))


def _metadata() -> dict[str, str]:
    """`Upload-Metadata`: pairs of a key and base64, with commas."""
    said = request.headers.get("Upload-Metadata", "")
    if len(said) > LARGEST_METADATA:
        raise TooLarge("too_large")
    found = {}
    for pair in filter(None, (each.strip() for each in said.split(","))):
        key, _, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except ValueError as wrong:
            raise Invalid("not_understood", fields={"Upload-Metadata": "base64"}) from wrong
    if any("\0" in value for value in found.values()):  # PostgreSQL takes none
        raise Invalid("not_understood", fields={"Upload-Metadata": "nul"})
    return found


def _checksum() -> tuple[str, bytes] | None:
    said = request.headers.get("Upload-Checksum")
    if said is None:
        return None
    algorithm, _, value = said.partition(" ")
    try:
        wanted = base64.b64decode(value, validate=True)
    except ValueError as wrong:
        raise Invalid("not_understood", fields={"Upload-Checksum": "base64"}) from wrong
    if algorithm not in ALGORITHMS:
        error = Invalid("not_understood", fields={"Upload-Checksum": "algorithm"})
        error.status = 400
        raise error
    return algorithm, wanted


def _number(header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdigit() and len(said) <= 12):
        error = Invalid("not_understood", fields={header: "number"})
        error.status = 400
        raise error
    return int(said)


def _progress(upload: Upload) -> dict[str, str]:
    return {
        "Upload-Offset": str(upload.offset_bytes),
        "Upload-Expires": upload.expires_at.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def _check_version() -> None:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion("wrong_version")


def _say_version(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    if not response.calculate_content_length():
        response.headers.pop("Content-Type", None)  # taken for a page's, it brings twice as many bytes of headers
    return response
