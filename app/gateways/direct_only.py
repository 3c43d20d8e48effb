"""No relay: ends that reach each other directly, as on one machine or one network. The default until TURN is set up."""

from datetime import datetime
from typing import Any


class DirectOnly:
    def issue(self, seat_id: str, now: datetime) -> list[dict[str, Any]]:
        return []
