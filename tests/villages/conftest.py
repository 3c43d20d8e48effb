"""Two villages with a terminal each, and a Monday morning."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.storage.database import Database
from app.villages import service
from app.villages.models import Terminal, Village


@dataclass(frozen=True)
class Here:
    village: Village
    terminal: Terminal
    elsewhere: Village
    other_terminal: Terminal


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def here(database: Database, now: datetime) -> Here:
    with database.begin() as session:
        village = service.create_village(session, name="青石村", zone="Asia/Shanghai", language="zh-CN")
        elsewhere = service.create_village(session, name="Bhattedanda", zone="Asia/Kathmandu", language="en")
        return Here(
            village,
            service.add_terminal(session, village.id, "school", now),
            elsewhere,
            service.add_terminal(session, elsewhere.id, "health post", now),
        )
