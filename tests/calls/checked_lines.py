"""Trying a line in tests: a media program that is connected, checks that begin and find."""

from sqlalchemy import select

from app.calls import line_checks
from app.calls.line_checks import Begun, Found
from app.calls.media_models import LineCheck, MediaLease
from app.kernel.levels import VoiceLevel
from app.kernel.rungs import RungName
from app.web.models import Change, MediaProgram, PrincipalKind
from app.web.principals import Principal
from tests.scene import Scene

FOUND = Found(RungName.STILLS, 480, 20, 47, 52, VoiceLevel.GOOD)


def connect(scene: Scene, name: str) -> Principal:
    now = scene.clock.now()
    with scene.database.begin() as session:
        session.add(MediaProgram(id=name, name=name, sid=f"sid-{name}", seen_at=now, started_at=now))
    return Principal(PrincipalKind.MEDIA, name, None, name, "en")


def hear(scene: Scene) -> None:
    """Its heartbeat."""
    with scene.database.begin() as session:
        session.get_one(MediaProgram, "one").seen_at = scene.clock.now()


def begin(scene: Scene, who: Principal, sid: str = "sid") -> Begun:
    with scene.database.begin() as session:
        return line_checks.begin(session, who, sid, "page", scene.clock.now())


def find(scene: Scene, check_id: str, program: Principal, what: Found = FOUND) -> None:
    with scene.database.begin() as session:
        line_checks.found(session, check_id, program, what, scene.clock.now())


def check_of(scene: Scene, check_id: str) -> LineCheck:
    with scene.database.read() as session:
        return session.get_one(LineCheck, check_id)


def open_leases(scene: Scene) -> list[MediaLease]:
    with scene.database.read() as session:
        return list(session.scalars(select(MediaLease).where(MediaLease.ended_at.is_(None))))


def hinted(scene: Scene) -> set[tuple[str, str]]:
    with scene.database.read() as session:
        return {(change.topic, change.subject_id) for change in session.scalars(select(Change))}


def wanted(scene: Scene) -> bool:
    with scene.database.read() as session:
        return line_checks.is_wanted(session, scene.alice.terminal, scene.clock.now())
