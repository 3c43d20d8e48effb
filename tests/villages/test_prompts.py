"""Which recording a village hears, the nearest speech first; recorded anew, removed, brought back, given to others."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid, NotFound, Refused, TooLarge
from app.storage.database import Database
from app.villages import prompts
from app.villages.models import Prompt, Village
from app.villages.words import Speech
from tests.villages.conftest import Here
from tests.villages.spoken import spoken

RING, IDLE, FACE = "terminal.screen.ring", "terminal.screen.idle", "terminal.act.face"
OWN, ANEW, REGIONS, STANDARD = (spoken(voice=voice) for voice in range(1, 5))


def says(session: Session, village: Village) -> dict[str, tuple[Speech, bytes]]:
    heard = prompts.heard(session, village.id)
    return {
        key: (prompt.speech, prompts.recording(session, village.id, prompt.sha256)) for key, prompt in heard.items()
    }


def test_the_nearest_speech_is_heard(database: Database, here: Here, now: datetime) -> None:
    one, other = here.village.id, here.elsewhere.id
    with database.begin() as session:
        prompts.fill(session, Speech.LANGUAGE, "zh-CN", None, {RING: STANDARD, IDLE: STANDARD, FACE: STANDARD}, now)
        assert set(says(session, here.village)) == {RING, IDLE, FACE}
        assert says(session, here.elsewhere) == {}, "it speaks another language"
        prompts.set_region(session, one, "Qiandongnan  East", now)
        prompts.set_region(session, other, " qiandongnan ｅast", now)
        assert prompts.give(session, other, Speech.REGION, {RING: REGIONS, IDLE: REGIONS}, now) == [IDLE, RING]
        prompts.record(session, one, RING, OWN, now)
    with database.read() as session:
        assert says(session, here.village) == {
            RING: (Speech.VILLAGE, OWN), IDLE: (Speech.REGION, REGIONS), FACE: (Speech.LANGUAGE, STANDARD)
        }  # fmt: skip
        assert says(session, here.elsewhere) == {RING: (Speech.REGION, REGIONS), IDLE: (Speech.REGION, REGIONS)}
        with pytest.raises(NotFound):
            prompts.recording(session, other, prompts.heard(session, one)[RING].sha256)
    with database.begin() as session:
        prompts.set_region(session, one, "", now)
        assert says(session, here.village)[IDLE] == (Speech.LANGUAGE, STANDARD)
        assert prompts.regions(session) == ["qiandongnan ｅast"]


def test_a_newer_recording_takes_the_place_and_changes_the_mark(database: Database, here: Here, now: datetime) -> None:
    marks = []
    for raw in (None, OWN, ANEW, ANEW):
        with database.begin() as session:
            if raw:
                prompts.record(session, here.village.id, RING, raw, now)
            marks.append(prompts.mark(prompts.heard(session, here.village.id)))
            assert len(session.scalars(select(Prompt)).all()) == bool(raw)
    assert marks[0] == ""
    assert marks[1] != marks[2] == marks[3]


def test_what_was_removed_can_be_brought_back_for_a_while(database: Database, here: Here, now: datetime) -> None:
    village = here.village.id
    with database.begin() as session:
        kept = prompts.record(session, village, RING, OWN, now)
        for act in (prompts.remove, prompts.bring_back):
            with pytest.raises(NotFound):
                act(session, here.elsewhere.id, kept.id, now)
        with pytest.raises(NotFound):
            prompts.bring_back(session, village, kept.id, now)
        prompts.remove(session, village, kept.id, now)
        assert says(session, here.village) == {}
        with pytest.raises(NotFound):
            prompts.recording(session, village, kept.sha256)
        prompts.bring_back(session, village, kept.id, now)
        assert says(session, here.village) == {RING: (Speech.VILLAGE, OWN)}
        prompts.remove(session, village, kept.id, now)
    with database.begin() as session:
        prompts.record(session, village, IDLE, OWN, now + timedelta(minutes=16))
        assert session.scalars(select(Prompt.key)).all() == [IDLE], "a word that was taken back is not kept for ever"


def test_what_stands_in_a_region_is_not_taken_away_by_a_neighbour(
    database: Database, here: Here, now: datetime
) -> None:
    one, other = here.village.id, here.elsewhere.id
    with database.begin() as session:
        with pytest.raises(Refused, match="no_region"):
            prompts.give(session, one, Speech.REGION, {RING: OWN}, now)
        for village in (one, other):
            prompts.set_region(session, village, "Yunling", now)
        prompts.give(session, one, Speech.REGION, {RING: OWN}, now)
        assert prompts.give(session, other, Speech.REGION, {RING: ANEW, IDLE: ANEW}, now) == [IDLE]
        with pytest.raises(NotFound):
            prompts.remove(session, other, prompts.heard(session, other)[RING].id, now)
        assert says(session, here.elsewhere)[RING] == (Speech.REGION, OWN)
        assert [prompt.key for prompt in prompts.given_by(session, other, Speech.REGION)] == [IDLE]


@pytest.mark.parametrize(
    ("key", "raw", "code"),
    [
        ("terminal.ring", OWN, "bad_prompt_key"),
        ("Terminal Ring", OWN, "bad_prompt_key"),
        ("terminal.screen.ring\n", OWN, "bad_prompt_key"),
        (RING, b"", "not_audio"),
        (RING, b"\x1aE\xdf\xa3 and more", "not_audio"),
        (RING, OWN[:-1], "not_audio"),
        (RING, spoken(0.2), "recording_too_short"),
        (RING, spoken(16), "recording_too_large"),
        (RING, OWN + bytes(45_000), "recording_too_large"),
    ],
)
def test_what_is_no_recording(database: Database, here: Here, now: datetime, key: str, raw: bytes, code: str) -> None:
    with database.begin() as session, pytest.raises((Invalid, TooLarge), match=code):
        prompts.record(session, here.village.id, key, raw, now)


def test_a_region_is_one_short_line(database: Database, here: Here, now: datetime) -> None:
    for wrong in ("x" * 41, "two\nlines", "\ud800"):
        with database.begin() as session, pytest.raises(Invalid, match="bad_region"):
            prompts.set_region(session, here.village.id, wrong, now)
