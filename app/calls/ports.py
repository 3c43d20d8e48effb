"""What calls need from outside."""

from datetime import datetime
from typing import Any, Protocol


class TurnIssuer(Protocol):
    def issue(self, seat_id: str, now: datetime) -> list[dict[str, Any]]:
        """Give the `RTCIceServer` entries of one seat, with credentials that end with its call."""
