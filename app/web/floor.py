"""What every request and socket event stands on: the database, the clock and a few settings."""

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from app.kernel.clock import Clock
from app.storage.database import Database
from app.web.sealing import Sealer

EXTENSION = "homethread"


@dataclass(frozen=True)
class Floor:
    database: Database
    clock: Clock
    public_url: str
    version: str
    max_sockets: int
    metrics_token: str | None
    sealer: Sealer

    def now(self) -> datetime:
        return self.clock.now()


def floor() -> Floor:
    """The floor of the application that is handling this request."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Floor)
    return found
