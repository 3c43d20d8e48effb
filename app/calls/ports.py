"""What calls need from outside."""

from datetime import datetime
from typing import Any, Literal, Protocol

IcePolicy = Literal["all", "relay"]


class TurnIssuer(Protocol):
    @property
    def policy(self) -> IcePolicy:
        """Whether a connection may be direct, or must go through the relay."""

    def issue(self, seat_id: str, until: datetime) -> list[dict[str, Any]]:
        """Give the `RTCIceServer` entries of one seat, with credentials that nobody can use after `until`."""
