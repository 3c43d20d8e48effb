"""What gateways brought in, kept once: receipts go to the notices they are about, texts wait to be answered.

The same may come again and from several processes; the vendor's own name for a text tells. For whom its number speaks
is decided when it is answered, not here.
"""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.families import numbers
from app.jobs import service as jobs
from app.kernel.clock import Clock
from app.kernel.errors import Invalid
from app.kernel.events import TextReceived
from app.kernel.numbers import E164
from app.notices import receipts
from app.notices.ports import Arrivals, Inbound
from app.sms import speakers
from app.sms.models import TextIn
from app.storage.database import Database, insert_into, new_id
from app.villages import queries as villages

LONGEST_TEXT = 10_000
LONGEST_REF, LONGEST_SENDER = 120, 40
SHORTEST_NUMBER = 7  # without a "+"; fewer digits are a short code


def take(database: Database, clock: Clock, gateway: str, arrivals: Arrivals) -> None:
    """Keep what came in by one gateway; when this has returned, it is safe."""
    now = clock.now()
    with database.begin() as session:
        for receipt in arrivals.receipts:
            receipts.put(session, gateway, receipt, now)
        for place, inbound in enumerate(arrivals.texts):  # those of one call keep their order
            _keep(session, gateway, inbound, now + timedelta(microseconds=place))


def _keep(session: Session, gateway: str, inbound: Inbound, now: datetime) -> None:
    sender = storable(inbound.sender).strip()[:LONGEST_SENDER]
    row = {
        "id": new_id(session), "gateway": gateway, "ref": ref_of(inbound), "sender": sender,
        "number": number_of(session, sender), "text": storable(inbound.text)[:LONGEST_TEXT], "sent_at": inbound.at,
        "at": now,
    }  # fmt: skip
    adding = insert_into(session, TextIn).values(row).on_conflict_do_nothing(index_elements=["gateway", "ref"])
    text_id = session.scalar(adding.returning(TextIn.id))
    if text_id is not None:
        jobs.emit(session, TextReceived(now, text_id), now)


def storable(text: str) -> str:
    """Without what no table takes: NULs, and halves of characters."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def ref_of(inbound: Inbound) -> str:
    """The vendor's name for a text, or one made of all that it said, where that is missing or too long."""
    ref = storable(inbound.ref)
    if 0 < len(ref) <= LONGEST_REF:
        return ref
    said = "\0".join((inbound.ref, inbound.sender, inbound.at.isoformat(), inbound.text))
    return f"sha256:{hashlib.sha256(said.encode('utf-8', 'surrogatepass')).hexdigest()}"


def number_of(session: Session, sender: str) -> E164 | None:
    """The phone number that a sender is; None for a name, a short code, and what two people's numbers could be.

    Without "+" it may lack it, or be a number as it is dialled in a village's country: somebody's own goes first.
    """
    readings = list(dict.fromkeys(_readings(session, sender)))
    known = [number for number in readings if speakers.of_number(session, number)]
    if len(known) > 1:
        return None
    return next(iter(known or readings), None)


def _readings(session: Session, sender: str) -> list[E164]:
    if sender.startswith("+"):
        return _parsed(sender, None)
    if not sender.isdigit() or len(sender) < SHORTEST_NUMBER:
        return []
    regions = {numbers.region_of(village.zone, village.language) for village in villages.villages(session)}
    found = [number for region in sorted(filter(None, regions)) for number in _parsed(sender, region)]
    return [*_parsed(f"+{sender}", None), *found]


def _parsed(text: str, region: str | None) -> list[E164]:
    try:
        return [numbers.parse_number(text, region)]
    except Invalid:
        return []
