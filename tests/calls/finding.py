"""Asking for a time on a real database, and what is said and kept of people before."""

from datetime import datetime, timedelta
from typing import Any

from app.calls import find_time
from app.calls.find_time import Search
from app.calls.models import Call
from app.calls.proposals import Answer
from app.calls.words import CallState, Outcome
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.storage.database import new_id
from app.villages import queries as villages
from tests.scene import NOW, Household, Scene, at


def find(scene: Scene, whom: Household, **search: Any) -> Answer:
    asked: dict[str, Any] = {"minutes": 15, "from_": NOW} | search
    with scene.database.read() as session:
        village = villages.village(session, whom.village)
        pair = Search(whom.family, whom.child, whom.parent, **asked)
        return find_time.find_time(session, village, pair, scene.clock.now())


def starts(answer: Answer) -> list[datetime]:
    return [each.starts_at for each in answer.proposals]


def codes(answer: Answer) -> set[str]:
    return {each.code.value for each in answer.obstacles}


def busy(scene: Scene, person_id: str, occupation: Occupation, from_minute: int, until_minute: int) -> None:
    detail = {"weekdays": list(range(7)), "from_minute": from_minute, "until_minute": until_minute}
    with scene.database.begin() as session:
        schedule.add(session, person_id, Said(PatternKind.WEEKLY, occupation, detail), "person:x", NOW)


def was(scene: Scene, whom: Household, starts_at: datetime, outcome: Outcome = Outcome.HELD, rtt_ms: int = 0) -> None:
    """A call of the past, as it is kept."""
    ends_at = starts_at + timedelta(minutes=15)
    with scene.database.begin() as session:
        call = Call(
            id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
            parent_id=whom.parent, child_id=whom.child, starts_at=starts_at, ends_at=ends_at, state=CallState.ENDED,
            outcome=outcome, made_at=NOW, ended_at=ends_at, link_rtt_ms=rtt_ms or None,
        )  # fmt: skip
        session.add(call)


def heard_lately(scene: Scene, whom: Household) -> None:
    was(scene, whom, at(12, day=22))
