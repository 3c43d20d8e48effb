"""Use cases of prompts at the desk: record, remove, share with the region, packs out and in; all are audited."""

import base64
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.desk.prompt_shapes import PlaceShape, PromptShape, PromptsPage, TakenShape
from app.desk.service import record
from app.kernel.errors import Invalid
from app.villages import packs, prompts, queries
from app.villages.catalogue import KEYS, PLACES, seconds
from app.villages.models import Prompt
from app.villages.views import url_of
from app.villages.words import Speech
from app.web import texts
from app.web.principals import Principal


def page(session: Session, who: Principal) -> PromptsPage:
    """Every sentence, and whose recording of it the village hears."""
    village = queries.village(session, who.village)
    heard = prompts.heard(session, village.id)
    spoken, read = texts.texts_of(village.language), texts.texts_of(who.language)
    own = [prompt for prompt in heard.values() if prompt.speech is Speech.VILLAGE]
    return PromptsPage(
        language=village.language, region=village.region, regions=prompts.regions(session), count=len(KEYS),
        recorded=len(own), heard=len(heard),
        places=[
            PlaceShape(place=place, prompts=[_shape(key, heard.get(key), spoken, read) for key in keys])
            for place, keys in PLACES.items()
        ],
    )  # fmt: skip


def record_prompt(session: Session, who: Principal, key: str, recording: str, now: datetime) -> str:
    """Keep a sentence as the village says it: the id of its recording. Raises Invalid, TooLarge."""
    try:
        raw = base64.b64decode(recording, validate=True)
    except ValueError as wrong:
        raise Invalid("not_audio") from wrong
    prompt = prompts.record(session, who.village, key, raw, now)
    _audit(session, who, "record_prompt", {"prompt": key}, now)
    return prompt.id


def remove(session: Session, who: Principal, prompt_id: str, now: datetime) -> None:
    gone = prompts.remove(session, who.village, prompt_id, now)
    _audit(session, who, "remove_prompt", {"prompt": gone.key}, now)


def bring_back(session: Session, who: Principal, prompt_id: str, now: datetime) -> None:
    back = prompts.bring_back(session, who.village, prompt_id, now)
    _audit(session, who, "bring_back_prompt", {"prompt": back.key}, now)


def set_region(session: Session, who: Principal, region: str, now: datetime) -> None:
    prompts.set_region(session, who.village, region, now)
    _audit(session, who, "set_region", {"region": region.strip()}, now)


def share(session: Session, who: Principal, now: datetime) -> TakenShape:
    """Let the villages of the region hear what this one has recorded, where nobody there has yet."""
    own = {each.key: each.recording for each in prompts.given_by(session, who.village, Speech.VILLAGE)}
    return _give(session, who, "share_prompts", Speech.REGION, own, 0, now)


def take(session: Session, who: Principal, speech: Speech, raw: bytes, now: datetime) -> TakenShape:
    """Take in a pack, whole or not at all; what is recorded there stays. Raises Invalid, TooLarge, Refused."""
    pack = packs.opened(raw)
    return _give(session, who, "take_prompts", speech, pack.recordings, pack.unknown, now)


def pack(session: Session, who: Principal, now: datetime) -> bytes:
    """What this village has recorded, for another one."""
    village = queries.village(session, who.village)
    given = prompts.given_by(session, village.id, Speech.VILLAGE)
    return packs.packed(village, given, texts.texts_of(village.language), now)


def _give(
    session: Session, who: Principal, action: str, speech: Speech, recordings: Mapping[str, bytes], unknown: int,
    now: datetime,
) -> TakenShape:  # fmt: skip
    taken = prompts.give(session, who.village, speech, recordings, now)
    _audit(session, who, action, {"prompts": len(taken), "speech": speech.value}, now)
    return TakenShape(taken=len(taken), standing=len(recordings) - len(taken), unknown=unknown)


def _shape(key: str, prompt: Prompt | None, spoken: dict[str, str], read: dict[str, str]) -> PromptShape:
    shape = PromptShape(key=key, text=read[key], said=spoken[key], seconds=seconds(spoken[key]))
    if prompt is None:
        return shape
    own_id = prompt.id if prompt.speech is Speech.VILLAGE else None
    about = {"duration_ms": prompt.duration_ms, "recorded_at": prompt.recorded_at}
    whose = {"speech": prompt.speech, "prompt_id": own_id, "url": url_of(prompt.sha256)}
    return shape.model_copy(update=whose | about)


def _audit(session: Session, who: Principal, action: str, detail: dict[str, object], now: datetime) -> None:
    record(session, who, action, f"village:{who.village}", detail, now)
