"""No relay: ends that reach each other directly, as on one machine or one network. The default until TURN is set up."""

from datetime import datetime
from typing import Any

from app.calls.ports import IcePolicy


class DirectOnly:
    policy: IcePolicy = "all"

    def issue(self, seat_id: str, until: datetime) -> list[dict[str, Any]]:
        return []
