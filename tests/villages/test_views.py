"""Recorded prompts over HTTP: for the terminals of the village that recorded them, whole, in part, or unchanged."""

from datetime import datetime, timedelta

import pytest

from app.storage.database import Database
from app.villages import service
from app.villages.views import api
from app.web.principals import COORDINATOR, PERSON, TERMINAL
from tests.villages.conftest import Here
from tests.villages.door import Browser, Door

RECORDING = bytes(range(256)) * 4
PATH = "/api/prompts/terminal.ring"


@pytest.fixture
def door(database: Database, here: Here, now: datetime) -> Door:
    with database.begin() as session:
        service.record_prompt(session, here.village.id, "terminal.ring", "audio/webm;codecs=opus", RECORDING, now)
    return Door(database, now, api)


@pytest.fixture
def terminal(door: Door, here: Here) -> Browser:
    return door.browser(TERMINAL, here.terminal.id, here.village.id)


def test_the_terminal_hears_it(terminal: Browser) -> None:
    answer = terminal.get(PATH)
    assert (answer.status_code, answer.data) == (200, RECORDING)
    assert answer.headers["Content-Type"] == "audio/webm;codecs=opus"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_is_not_sent_again_until_it_is_recorded_anew(
    terminal: Browser, database: Database, here: Here, now: datetime
) -> None:
    tag = terminal.get(PATH).headers["ETag"]
    unchanged = terminal.get(PATH, If_None_Match=tag)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    with database.begin() as session:
        service.record_prompt(
            session, here.village.id, "terminal.ring", "audio/ogg", b"another", now + timedelta(minutes=1)
        )
    assert terminal.get(PATH, If_None_Match=tag).data == b"another"


def test_a_player_may_ask_for_a_part(terminal: Browser) -> None:
    part = terminal.get(PATH, Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, RECORDING[100:200])
    assert part.headers["Content-Range"] == "bytes 100-199/1024"
    assert terminal.get(PATH, Range="bytes=5000-").status_code == 416


def test_nobody_else_hears_it(door: Door, here: Here) -> None:
    assert door.browser(TERMINAL, here.other_terminal.id, here.elsewhere.id).get(PATH).status_code == 404
    assert door.browser(COORDINATOR, "anybody", here.village.id).get(PATH).status_code == 403
    assert door.browser(PERSON, "anybody").get(PATH).status_code == 403
    assert Browser(door.app, {}).get(PATH).status_code == 401


def test_a_sentence_without_a_recording(terminal: Browser) -> None:
    answer = terminal.get("/api/prompts/terminal.goodbye")
    assert (answer.status_code, answer.get_json()["error"]) == (404, "not_found")
