"""Two villages with a coordinator each, a desk's HTTP client, and pasts to write into the ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.calls.models import Call
from app.calls.words import CallState, Outcome, Side
from app.desk import service, views, village_views
from app.desk.models import AuditEntry
from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.storage.database import Database, new_id
from app.web import errors, sessions
from app.web.floor import EXTENSION, Floor
from app.web.models import PrincipalKind
from app.web.principals import COORDINATOR, Principal
from tests.scene import NOW, SEALER, Household, Scene, set_scene


@dataclass
class Desk:
    """The scene with Lee, the coordinator of Redstone (Alice, Bob), and Mo, the one of Bridge (Charlie)."""

    scene: Scene
    lee: Principal
    mo: Principal

    @property
    def database(self) -> Database:
        return self.scene.database

    @property
    def now(self) -> datetime:
        return self.scene.clock.now()

    def ended(
        self, whom: Household, starts_at: datetime, outcome: Outcome, seconds: int = 0, reason: str | None = None
    ) -> str:  # fmt: skip
        """Write a call that is over; its id."""
        with self.database.begin() as session:
            call = Call(
                id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
                parent_id=whom.parent, child_id=whom.child, starts_at=starts_at,
                ends_at=starts_at + timedelta(minutes=15), state=CallState.ENDED, outcome=outcome, reason=reason,
                proposed_by=Side.PARENT, made_at=starts_at - timedelta(days=1), talked_seconds=seconds,
                ended_at=starts_at + timedelta(seconds=seconds),
            )  # fmt: skip
            session.add(call)
            return call.id

    def dead(self, subject: str | None, error: str = "RuntimeError: no", **payload: str) -> str:
        """Write a due row that was given up; its id."""
        with self.database.begin() as session:
            row_id = jobs.put(session, "call.tick", self.now, self.now, subject=subject, payload=dict(payload))
            row = session.get_one(DueRow, row_id)
            row.state, row.attempts, row.last_error = DueState.DEAD, 8, error
            return row_id

    def audit(self) -> list[tuple[str, str, str]]:
        with self.database.read() as session:
            entries = session.scalars(select(AuditEntry).order_by(AuditEntry.at, AuditEntry.action))
            return [(entry.coordinator_id, entry.action, entry.subject) for entry in entries]


@pytest.fixture
def desk(database: Database) -> Desk:
    scene = set_scene(database)
    with database.begin() as session:
        of = {
            village: service.add_coordinator(session, village, name, "en", NOW).id
            for village, name in ((scene.alice.village, "Lee"), (scene.charlie.village, "Mo"))
        }
    lee, mo = (Principal(COORDINATOR, of[v], v, f"device{n}", "en") for n, v in enumerate(of))
    return Desk(scene, lee, mo)


Browser = Callable[[Principal], FlaskClient]


@pytest.fixture
def browser(desk: Desk) -> Browser:
    """A client that is signed in at the desk as one of the coordinators, or as anybody else."""
    app = Flask("desk")
    app.extensions[EXTENSION] = Floor(desk.database, desk.scene.clock, "http://localhost", "1", 10, None, SEALER)
    errors.register(app)
    app.register_blueprint(views.api.blueprint)
    app.register_blueprint(village_views.api.blueprint)

    def opened(who: Principal) -> FlaskClient:
        with desk.database.begin() as session:
            code = sessions.issue_code(session, who.kind, who.subject_id, who.village_id, "en", desk.now)
            _device, token = sessions.enter(session, code, desk.now)
        client = app.test_client()
        face = {PrincipalKind.PERSON: "phone", PrincipalKind.TERMINAL: "terminal"}.get(who.kind, "desk")
        client.set_cookie(f"homethread_{face}", token)
        return client

    return opened
