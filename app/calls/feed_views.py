"""The routes of a person's calendar feed: made and revoked under /api, read by anybody who knows its address.

The address is a key, so it is in no log: what fails is logged by its route alone, and nothing logs what succeeds.
"""

from flask import Blueprint, Response, request

from app.calls import calendar, feeds
from app.calls.shapes import Nothing
from app.kernel.errors import NotFound
from app.web import limits
from app.web.api import Api, Ask
from app.web.floor import floor
from app.web.limits import Limit, place
from app.web.principals import ANYONE, PERSON, allow
from app.web.sessions import hashed
from app.web.shapes import InstantOut, Shape

api = Api("feed")
blueprint = Blueprint("calendar", __name__)

# Where many phones' calendars are fetched by one service, its addresses read for thousands: there misses alone count.
MISSES_FROM_AN_ADDRESS = Limit("feed_miss", 120, 600)
READS_OF_A_FEED = Limit("feed_read", 120, 3_600)


class FeedShape(Shape):
    """Null where there is no feed; `read_at` is null until a calendar has asked."""

    made_at: InstantOut | None
    read_at: InstantOut | None


class MadeShape(Shape):
    """`webcal_url` opens a phone's calendar by a touch, `url` is for whoever pastes it."""

    url: str
    webcal_url: str
    made_at: InstantOut


@api.query("/feed", PERSON, gives=FeedShape)
def feed(ask: Ask) -> FeedShape:
    """Whether there is a calendar feed, and when it was read last."""
    found = feeds.standing(ask.session, ask.who.subject_id)
    return FeedShape(made_at=found.made_at if found else None, read_at=found.read_at if found else None)


@api.command("POST", "/feed", PERSON, gives=MadeShape, status=201)
def make(ask: Ask) -> MadeShape:
    """Make a calendar feed, instead of the one before; its address is shown this once."""
    url = f"{floor().public_url}/calendar/{feeds.make(ask.session, ask.who.subject_id, ask.now)}.ics"
    return MadeShape(url=url, webcal_url=f"webcal:{url.partition(':')[2]}", made_at=ask.now)


@api.command("POST", "/feed/revoke", PERSON, gives=Nothing)
def revoke(ask: Ask) -> Nothing:
    """Revoke the calendar feed: its address opens nothing any more."""
    feeds.revoke(ask.session, ask.who.subject_id, ask.now)
    return Nothing()


@blueprint.get("/calendar/<secret>.ics")
@allow(ANYONE)
def read(secret: str) -> Response:
    """The calls of whoever made this address, as iCalendar."""
    reader = _reader(secret)
    with floor().database.read() as session:
        entries = feeds.entries(session, reader.person_id, floor().now())
    written = calendar.render(entries, reader.language, f"{floor().public_url}/phone")
    response = Response(written, content_type="text/calendar; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = "inline; filename=calls.ics"
    response.add_etag()
    response.make_conditional(request)
    return response


def _reader(secret: str) -> feeds.Reader:
    """Count the request, then look who reads; what is found is no miss. Raises TooOften, or NotFound."""
    now, address = floor().now(), floor().sealer.hashed("address", place(request.remote_addr or ""))
    miss = (MISSES_FROM_AN_ADDRESS, address)
    with floor().database.begin() as session:
        refusal = limits.one_more(session, [miss, (READS_OF_A_FEED, hashed(secret))], now)
        reader = None if refusal else feeds.read(session, secret, now)
        if reader is not None:
            limits.take_back(session, [miss], now)
    if refusal is not None:
        raise refusal
    if reader is None:
        raise NotFound
    return reader
