"""coturn with `use-auth-secret`: credentials made here, without asking it (draft-uberti-behave-turn-rest-00).

The user name is the instant at which the credential ends and the seat; the password proves that we made it. coturn
looks at that instant when an allocation is made or refreshed.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.calls.ports import IcePolicy


class Coturn:
    def __init__(self, urls: Sequence[str], secret: str | None, policy: IcePolicy) -> None:
        self.policy = policy
        self._stun = [url for url in urls if url.startswith("stun:")]
        self._relays = [url for url in urls if not url.startswith("stun:")]
        self._secret = secret

    def issue(self, seat_id: str, until: datetime) -> list[dict[str, Any]]:
        servers: list[dict[str, Any]] = [{"urls": self._stun}] if self._stun else []
        if self._relays and self._secret:
            username, credential = sign(self._secret, seat_id, until)
            servers.append({"urls": self._relays, "username": username, "credential": credential})
        return servers


def sign(secret: str, name: str, until: datetime) -> tuple[str, str]:
    """Make the user name and the password that coturn takes until that instant."""
    username = f"{int(until.timestamp())}:{name}"
    # SHA-1 is what coturn computes; as an HMAC it still holds.
    proof = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(proof).decode()
