"""What a terminal can say, over HTTP: for the terminals and the desk of the village that hears it, and nobody else."""

from datetime import datetime

import pytest

from app.storage.database import Database
from app.villages import prompts
from app.villages.catalogue import KEYS
from app.villages.views import api
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from tests.villages.conftest import Here
from tests.villages.door import Browser, Door
from tests.villages.spoken import spoken

RECORDING = spoken()
RING = "terminal.screen.ring"


@pytest.fixture
def door(database: Database, here: Here, now: datetime) -> Door:
    with database.begin() as session:
        prompts.record(session, here.village.id, RING, RECORDING, now)
    return Door(database, now, api)


@pytest.fixture
def terminal(door: Door, here: Here) -> Browser:
    return door.browser(TERMINAL, here.terminal.id, here.village.id)


def path(terminal: Browser) -> str:
    said = {each["key"]: each for each in terminal.get("/api/prompts").get_json()["sentences"]}
    url: str = said[RING]["url"]
    return url


def test_the_terminal_knows_every_sentence(terminal: Browser) -> None:
    answer = terminal.get("/api/prompts")
    told = answer.get_json()
    said = {each["key"]: each for each in told["sentences"]}
    assert set(said) == KEYS
    assert [key for key, each in said.items() if each["url"]] == [RING]
    assert said[RING]["speech"] == "village"
    assert all(each["text"] for each in said.values())
    assert len(told["mark"]) == 12
    assert terminal.get("/api/prompts", If_None_Match=answer.headers["ETag"]).status_code == 304


def test_the_terminal_hears_it_and_keeps_it_for_good(terminal: Browser) -> None:
    answer = terminal.get(path(terminal))
    assert (answer.status_code, answer.data, answer.headers["Content-Type"]) == (200, RECORDING, "audio/ogg")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert terminal.get(path(terminal), If_None_Match=answer.headers["ETag"]).status_code == 304


def test_another_recording_has_another_address(
    terminal: Browser, database: Database, here: Here, now: datetime
) -> None:
    before = path(terminal)
    with database.begin() as session:
        prompts.record(session, here.village.id, RING, spoken(voice=2), now)
    assert path(terminal) != before
    assert terminal.get(path(terminal)).data == spoken(voice=2)
    assert terminal.get(before).status_code == 404


def test_a_player_may_ask_for_a_part(terminal: Browser) -> None:
    part = terminal.get(path(terminal), Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, RECORDING[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(RECORDING)}"
    assert terminal.get(path(terminal), Range="bytes=5000-").status_code == 416


def test_nobody_else_hears_it(door: Door, here: Here, terminal: Browser) -> None:
    url = path(terminal)
    assert door.browser(TERMINAL, here.other_terminal.id, here.elsewhere.id).get(url).status_code == 404
    assert door.browser(COORDINATOR, "anybody", here.elsewhere.id).get(url).status_code == 404
    assert door.browser(COORDINATOR, "anybody", here.village.id).get(url).data == RECORDING
    assert door.browser(PERSON, "anybody").get(url).status_code == 403
    assert Browser(door.app, {}).get(url).status_code == 401
    assert door.browser(COORDINATOR, "anybody", here.village.id).get("/api/prompts").status_code == 403
