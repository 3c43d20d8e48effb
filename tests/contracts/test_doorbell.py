"""One contract for every doorbell: what is rung in another process reaches the right browsers, and only those.

The web program runs for real; the official client stands for the browser.
"""

import os
import queue
import signal
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import socketio

from app import bootstrap
from app.config import Config, load
from app.kernel.clock import SystemClock
from app.storage.database import Database
from app.web import hints, sessions
from app.web.hints import hint
from app.web.models import PrincipalKind
from app.web.principals import cookie_name
from tests.browser.nursery import nursery
from tests.scene import Scene, set_scene
from tests.services import free_port

PATIENCE_SECONDS = 20


class Browser:
    """A device that is signed in and notes the hints it gets."""

    def __init__(self, url: str, token: str) -> None:
        self.hints: queue.Queue[dict[str, Any]] = queue.Queue()
        self.client = socketio.Client(reconnection=False, request_timeout=PATIENCE_SECONDS)
        self.client.on("hint", self.hints.put)
        cookie = {"Cookie": f"{cookie_name('phone')}={token}"}
        self.client.connect(
            url, headers=cookie, auth={"face": "phone"}, transports=["websocket"], wait_timeout=PATIENCE_SECONDS
        )


@pytest.fixture(params=["unix", "redis"])
def config(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> Config:
    redis = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    return load(
        {
            "HOMETHREAD_DATA_DIR": str(tmp_path),
            "HOMETHREAD_DATABASE_URL": sqlite_url,
            "HOMETHREAD_REDIS_URL": redis,
            "HOMETHREAD_SECRET_KEY": "0" * 64,
            "HOMETHREAD_MESSAGE_KEYS": "1" * 64,
            "HOMETHREAD_PORT": str(free_port()),
        }
    )


@pytest.fixture
def scene(config: Config) -> Iterator[Scene]:
    database = Database(config.database_url)
    yield set_scene(database)
    database.close()


@pytest.fixture
def web(config: Config, scene: Scene) -> Iterator[str]:
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("HOMETHREAD_")},
        "HOMETHREAD_DATA_DIR": str(config.data_dir),
        "HOMETHREAD_DATABASE_URL": config.database_url,
        "HOMETHREAD_REDIS_URL": config.redis_url or "",
        "HOMETHREAD_SECRET_KEY": "0" * 64 if config.redis_url else "",
        "HOMETHREAD_MESSAGE_KEYS": "1" * 64 if config.redis_url else "",
        "HOMETHREAD_PORT": str(config.port),
        "HOMETHREAD_LOG_LEVEL": "warning",
    }
    clock = config.data_dir / "clock"
    clock.write_text("0")
    program = nursery().start("web", clock, config.data_dir / "web.log", environment)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"{config.public_url}/healthz", timeout=2).close()
            break
        except OSError:
            time.sleep(0.1)
    yield config.public_url
    program.send_signal(signal.SIGTERM)
    program.wait(timeout=PATIENCE_SECONDS)


def browser_of(scene: Scene, person_id: str, url: str) -> Browser:
    with scene.database.begin() as session:
        now = SystemClock().now()
        secret = sessions.issue_code(session, PrincipalKind.PERSON, person_id, None, "en", now)
        _device, token = sessions.enter(session, secret, now)
    return Browser(url, token)


def test_a_hint_reaches_whom_it_is_for(config: Config, scene: Scene, web: str) -> None:
    alice, bob = browser_of(scene, scene.alice.parent, web), browser_of(scene, scene.bob.parent, web)
    bootstrap.doorbell(config).hint("person", scene.alice.parent, "1")
    assert alice.hints.get(timeout=PATIENCE_SECONDS) == {"topic": "person", "id": scene.alice.parent}
    assert bob.hints.empty()
    alice.client.disconnect()
    bob.client.disconnect()


def test_a_hint_that_nobody_rang_is_found_by_looking(scene: Scene, web: str) -> None:
    """The doorbell lost it; the web looks at the database every few seconds."""
    alice = browser_of(scene, scene.alice.parent, web)
    with scene.database.begin() as session:
        hint(session, "person", scene.alice.parent, SystemClock().now())
    assert alice.hints.get(timeout=PATIENCE_SECONDS) == {"topic": "person", "id": scene.alice.parent}
    alice.client.disconnect()


def test_a_hint_that_was_rung_is_not_found_again(config: Config, scene: Scene, web: str) -> None:
    """Through Redis a browser hears twice: nothing tells a web process what others have rung."""
    alice = browser_of(scene, scene.alice.parent, web)
    hints.ring_after_commit(scene.database, bootstrap.doorbell(config))
    with scene.database.begin() as session:
        hint(session, "person", scene.alice.parent, SystemClock().now())
    alice.hints.get(timeout=PATIENCE_SECONDS)
    time.sleep(hints.POLL_SECONDS + 1)
    assert alice.hints.qsize() == (1 if config.redis_url else 0)
    alice.client.disconnect()


def test_ringing_where_nobody_listens_is_no_error(config: Config) -> None:
    bootstrap.doorbell(config).hint("person", "nobody", "1")
