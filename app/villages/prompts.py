"""Recorded sentences: which a village hears, the nearest speech first; recorded, removed, brought back.

What a village hears is its own recording, else its region's, else that of its standard language. What is said where
nobody has recorded is the terminal's business.
"""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session, undefer
from sqlalchemy.sql import ColumnElement

from app.kernel.errors import Invalid, NotFound, Refused
from app.storage.database import new_id
from app.villages import queries
from app.villages.catalogue import KEYS
from app.villages.models import Prompt, Village
from app.villages.ogg_opus import checked_ms, duration_ms
from app.villages.rules import checked_text
from app.villages.service import locked, tell_village
from app.villages.words import Speech

MOST_BYTES = 45_000
SHORTEST_MS, LONGEST_MS = 300, 15_500
LONGEST_REGION = 40
UNDO = timedelta(minutes=15)  # what was removed is gone for good at the first change after that
NEAREST = {speech: place for place, speech in enumerate(Speech)}


def set_region(session: Session, village_id: str, region: str, now: datetime) -> None:
    """Say which villages speak alike; an empty word: none. Raises Invalid("bad_region")."""
    village = locked(session, village_id)
    village.region = checked_text(region, LONGEST_REGION, "bad_region") if region.strip() else ""
    tell_village(session, village_id, now)


def heard(session: Session, village_id: str) -> dict[str, Prompt]:
    """By key what a village hears, without the recordings themselves."""
    village = queries.village(session, village_id)
    rows = session.scalars(select(Prompt).where(_of_chain(village), Prompt.removed_at.is_(None))).all()
    farthest_first = sorted(rows, key=lambda prompt: -NEAREST[prompt.speech])
    return {prompt.key: prompt for prompt in farthest_first if prompt.key in KEYS}


def mark(prompts: Mapping[str, Prompt]) -> str:
    """Another one as soon as anything that is heard is another; empty where nothing is."""
    told = "\n".join(f"{key} {prompts[key].sha256}" for key in sorted(prompts))
    return hashlib.sha256(told.encode()).hexdigest()[:12] if prompts else ""


def recording(session: Session, village_id: str, sha256: str) -> bytes:
    """One of those that a village hears, or recorded itself. Raises NotFound."""
    village = queries.village(session, village_id)
    found = session.scalars(
        select(Prompt.recording).where(_of_chain(village), Prompt.sha256 == sha256, Prompt.removed_at.is_(None))
    ).first()
    if found is None:
        raise NotFound
    return found


def record(session: Session, village_id: str, key: str, raw: bytes, now: datetime) -> Prompt:
    """Keep a recorded sentence of a village; a newer one takes its place."""
    checked(key, raw)
    locked(session, village_id)
    prompt = put(session, Speech.VILLAGE, village_id, village_id, key, raw, now)
    tell_village(session, village_id, now)
    return prompt


def checked(key: str, raw: bytes) -> int:
    """How long a recording lasts, in ms. Raises Invalid, TooLarge."""
    if key not in KEYS:
        raise Invalid("bad_prompt_key")
    return checked_ms(raw, MOST_BYTES, SHORTEST_MS, LONGEST_MS)


def put(
    session: Session, speech: Speech, spoken_in: str, village_id: str | None, key: str, raw: bytes, now: datetime
) -> Prompt:
    """Keep what was checked, in the place of what stood there. The caller holds the village."""
    standing = and_(Prompt.speech == speech, Prompt.spoken_in == spoken_in)
    gone = or_(Prompt.key == key, Prompt.removed_at < now - UNDO)
    session.execute(delete(Prompt).where(standing, gone))
    prompt = Prompt(
        id=new_id(session), speech=speech, spoken_in=spoken_in, village_id=village_id, key=key, recording=raw,
        sha256=hashlib.sha256(raw).hexdigest(), duration_ms=duration_ms(raw), recorded_at=now,
    )  # fmt: skip
    session.add(prompt)
    session.flush()
    return prompt


def remove(session: Session, village_id: str, prompt_id: str, now: datetime) -> Prompt:
    """Say it no more, in whichever speech this village gave it. Raises NotFound."""
    prompt = _own(session, village_id, prompt_id, is_removed=False)
    prompt.removed_at = now
    session.flush()
    tell(session, prompt.speech, prompt.spoken_in, now)
    return prompt


def bring_back(session: Session, village_id: str, prompt_id: str, now: datetime) -> Prompt:
    """Undo a removal. Raises NotFound where it was too long ago, or something newer stands there."""
    prompt = _own(session, village_id, prompt_id, is_removed=True)
    prompt.removed_at = None
    session.flush()
    tell(session, prompt.speech, prompt.spoken_in, now)
    return prompt


def given_by(session: Session, village_id: str, speech: Speech) -> list[Prompt]:
    """What a village gave to a speech, its own above all, with the recordings."""
    village = queries.village(session, village_id)
    own = and_(Prompt.village_id == village_id, Prompt.speech == speech, Prompt.removed_at.is_(None))
    found = session.scalars(select(Prompt).where(own, Prompt.spoken_in == of(village, speech)).options(undefer("*")))
    return sorted(found, key=lambda prompt: prompt.key)


def held(session: Session, speech: Speech, spoken_in: str) -> set[str]:
    """Keys that have a recording there."""
    there = and_(Prompt.speech == speech, Prompt.spoken_in == spoken_in, Prompt.removed_at.is_(None))
    return set(session.scalars(select(Prompt.key).where(there)))


def give(
    session: Session, village_id: str, speech: Speech, recordings: Mapping[str, bytes], now: datetime
) -> list[str]:  # fmt: skip
    """Keep what comes in a pack where nobody has recorded yet; the keys of what was kept.

    Raises Refused("no_region") where the village has said none.
    """
    village = locked(session, village_id)
    where = of(village, speech)
    if not where:
        raise Refused("no_region")
    return fill(session, speech, where, village_id, recordings, now)


def fill(
    session: Session, speech: Speech, spoken_in: str, by: str | None, recordings: Mapping[str, bytes], now: datetime
) -> list[str]:
    """The same for a place that is known; whose recordings stand there keeps them."""
    for village in sorted(_villages_of(session, speech, spoken_in), key=lambda village: village.id):
        locked(session, village.id)
    standing = held(session, speech, spoken_in)
    taken = sorted(set(recordings) - standing)
    for key in taken:
        put(session, speech, spoken_in, by, key, recordings[key], now)
    tell(session, speech, spoken_in, now)
    return taken


def tell(session: Session, speech: Speech, spoken_in: str, now: datetime) -> None:
    """Hint at every village that hears it."""
    for village in _villages_of(session, speech, spoken_in):
        tell_village(session, village.id, now)


def of(village: Village, speech: Speech) -> str:
    """Where a speech of this village is spoken, as it is compared; an empty word: nowhere."""
    if speech is Speech.VILLAGE:
        return village.id
    return compared(village.region) if speech is Speech.REGION else village.language


def compared(region: str) -> str:
    """Regions are typed by people: width, case and spaces don't make another one."""
    return " ".join(unicodedata.normalize("NFKC", region).casefold().split())[:64]


def regions(session: Session) -> list[str]:
    """Those that villages have given, to choose from."""
    return sorted(set(session.scalars(select(Village.region).where(Village.region != ""))))


def _of_chain(village: Village) -> ColumnElement[bool]:
    places = [(speech, of(village, speech)) for speech in Speech]
    return or_(*(and_(Prompt.speech == speech, Prompt.spoken_in == place) for speech, place in places if place))


def _villages_of(session: Session, speech: Speech, spoken_in: str) -> Iterable[Village]:
    if speech is Speech.VILLAGE:
        return [queries.village(session, spoken_in)]
    return [village for village in queries.villages(session) if of(village, speech) == spoken_in]


def _own(session: Session, village_id: str, prompt_id: str, *, is_removed: bool) -> Prompt:
    locked(session, village_id)
    prompt = session.get(Prompt, prompt_id)
    if prompt is None or prompt.village_id != village_id or (prompt.removed_at is not None) != is_removed:
        raise NotFound
    return prompt
