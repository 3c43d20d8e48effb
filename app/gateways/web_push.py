"""Web Push (RFC 8030, 8291, 8292): hands a push to the push service of somebody's browser.

Its address was given to us by whoever is signed in, and is called as carefully as `careful_http` does. Whose it is, and
what becomes of one that is gone, is not decided here.
"""

import base64
import os
from datetime import timedelta
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.config import BadSetting
from app.gateways.careful_http import CarefulHttp, NotCalled
from app.kernel.clock import Clock
from app.notices.ports import GatewayError, Gone, NoAnswer, Subscription, Urgency

TOKEN_LASTS = timedelta(hours=12)  # RFC 8292 allows 24, and clocks differ
LONGEST_REF = 120
GONE, OVERLOADED = (404, 410), 429


class WebPush:
    """A `PushSender` that signs with `key`; `contact` is whom a push service writes to when pushes make trouble."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str, clock: Clock, http: CarefulHttp) -> None:
        self._key, self._contact, self._clock, self._http = key, contact, clock, http

    @property
    def public_key(self) -> str:
        point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        return base64.urlsafe_b64encode(point).rstrip(b"=").decode()

    def accepts(self, endpoint: str) -> bool:
        return self._http.accepts(endpoint)

    def send(
        self, subscription: Subscription, payload: bytes, *, urgency: Urgency, topic: str, ttl_seconds: int
    ) -> str:  # fmt: skip
        headers = {
            "TTL": str(ttl_seconds), "Urgency": urgency.value, "Topic": topic, "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream", "Authorization": self.authorization(subscription.endpoint),
        }  # fmt: skip
        try:
            status, answered = self._http.post(subscription.endpoint, _encrypted(subscription, payload), headers)
        except NotCalled as error:
            raise GatewayError(str(error), permanent=error.is_refused) from error
        except (OSError, HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error
        return _ref_of(status, answered.get("location", ""))

    def authorization(self, endpoint: str) -> str:
        """The header by which a push service knows us. Raises GatewayError for what can't be signed for."""
        from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]

        parts, until = urlsplit(endpoint), self._clock.now() + TOKEN_LASTS
        origin = f"{parts.scheme}://{parts.netloc.lower()}"
        try:
            claims = {"sub": self._contact, "aud": origin, "exp": int(until.timestamp())}
            signed: str = Vapid02(self._key).sign(claims)["Authorization"]
        except VapidException as error:
            raise GatewayError("neither a contact nor an endpoint to sign for", permanent=True) from error
        return signed


def opened(key_file: Path, contact: str, clock: Clock, *, allows_loopback: bool) -> WebPush:
    """A sender with the key that lies in a file. Raises BadSetting."""
    if find_spec("pywebpush") is None:
        raise BadSetting("HOMETHREAD_PUSH_KEY needs the extra `push`: pip install '.[push]'")
    sender = WebPush(read_key(key_file), contact, clock, CarefulHttp(allows_loopback))
    try:
        sender.authorization("https://push.example")
    except GatewayError as error:
        raise BadSetting("HOMETHREAD_PUSH_CONTACT must be whom one can write to, as mailto:desk@example.org") from error
    return sender


def read_key(path: Path) -> ec.EllipticCurvePrivateKey:
    wanted = f"HOMETHREAD_PUSH_KEY must be a file with a P-256 key in PEM, as `homethread push key` makes it: {path}"
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError) as error:
        raise BadSetting(wanted) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadSetting(wanted)
    return key


def make_key(path: Path) -> None:
    """Write a new key that its owner alone may read. Raises FileExistsError: a key that is in use is never replaced."""
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def _encrypted(subscription: Subscription, payload: bytes) -> bytes:
    # Late: a web program sends nothing, and can do without all that this brings.
    from pywebpush import WebPusher, WebPushException  # type: ignore[import-untyped]

    keys = {"p256dh": subscription.p256dh, "auth": subscription.auth}
    try:
        body: bytes = WebPusher({"endpoint": subscription.endpoint, "keys": keys}).encode(payload)["body"]
    except (ValueError, IndexError, WebPushException) as error:
        raise GatewayError("the subscription's key is none", permanent=True) from error
    return body


def _ref_of(status: int, location: str) -> str:
    """What the push service calls the push, from its answer (RFC 8030, 5 and 8.4)."""
    if 200 <= status < 300:
        return location if len(location) <= LONGEST_REF else ""
    if status in GONE:
        raise Gone
    raise GatewayError(f"the push service said {status}", permanent=status != OVERLOADED and status < 500)
