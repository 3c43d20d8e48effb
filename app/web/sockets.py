"""Socket.IO: who may connect, which events there are, and who may send them.

A device is in one room per principal (`person:ID`, `terminal:ID`, `village:ID`) for hints; signals go to single
sockets. Every event has a shape, an ack, and the same errors as HTTP. The session is looked up again at each event,
so that ending it ends what its sockets may do. A media program has a token instead of a session (`media_programs.py`);
a hint to one is `serve`, which asks it for a heartbeat at once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial, wraps
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError as Refusal
from flask_socketio import SocketIO
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.errors import Busy, HomethreadError, Invalid, NotSignedIn
from app.web import errors, media_programs, principals, security, sessions
from app.web.floor import Floor, floor
from app.web.hints import Heard
from app.web.models import DeviceSession
from app.web.principals import Allowed, Principal
from app.web.websocket import MeasuredWebSocket

log = logging.getLogger(__name__)

LARGEST_EVENT_BYTES = 16_000
PING_INTERVAL_SECONDS, PING_TIMEOUT_SECONDS = 25, 20
ENTER_WITHIN = timedelta(seconds=10)

Handler = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class SocketAsk:
    """One event: who sent it, over which socket, and when. Handlers open their own transaction on `floor`."""

    floor: Floor
    who: Principal
    sid: str
    now: datetime


@dataclass(frozen=True)
class Declared:
    """What the house tests and the socket limit read of an event."""

    allowed: tuple[Allowed, ...]
    takes: type[BaseModel]


class Sockets:
    """The Socket.IO server of one web process and the table of its events."""

    def __init__(self, app: Flask, *, async_mode: str, message_queue: str | None) -> None:
        self.server = SocketIO(
            app, async_mode=async_mode, message_queue=message_queue, ping_interval=PING_INTERVAL_SECONDS,
            ping_timeout=PING_TIMEOUT_SECONDS, max_http_buffer_size=LARGEST_EVENT_BYTES, transports=["websocket"],
            cors_allowed_origins=None, manage_session=False,
            async_handlers=False,  # one after the other: signals arrive in the order in which they were sent
        )  # fmt: skip
        self.server.server.eio._async["websocket"] = partial(
            MeasuredWebSocket, largest_bytes=LARGEST_EVENT_BYTES,
            silent_seconds=PING_INTERVAL_SECONDS + PING_TIMEOUT_SECONDS,
        )  # fmt: skip
        self._app = app
        self._unknown_since: dict[str, datetime] = {}
        self.declared: dict[str, Declared] = {}
        self._heard = Heard()
        self._known: dict[str, Principal] = {}
        self._tokens: dict[str, str] = {}
        self._gone: list[Callable[[SocketAsk], None]] = []
        self.server.on_event("connect", self._connect)
        self.server.on_event("disconnect", self._disconnect)

    def on(self, event: str, *allowed: Allowed, takes: type[BaseModel]) -> Callable[[Handler], Handler]:
        """Declare an event: who may send it and its shape; `handler(ask, body)` returns the ack."""

        def decorate(handler: Handler) -> Handler:
            self.declared[event] = Declared(allowed, takes)

            @wraps(handler)
            def received(*payload: Any) -> dict[str, Any]:
                return self._answer(lambda: handler(self._ask(allowed), takes.model_validate(_only(payload))))

            self.server.on_event(event, received)
            return handler

        return decorate

    def on_gone(self, handler: Callable[[SocketAsk], None]) -> None:
        """Call `handler` for each socket that is gone."""
        self._gone.append(handler)

    def send(self, sid: str, event: str, payload: dict[str, Any]) -> None:
        self.server.emit(event, payload, to=sid)

    def hint(self, topic: str, subject_id: str, change_id: str) -> None:
        """Pass a hint on, once, to the browsers that it concerns; one about a device is for this process itself."""
        self._pass_on_once(topic, subject_id, change_id)

    def find(self, topic: str, subject_id: str, change_id: str) -> None:
        """The same for what a look found, to this process's own browsers: every process looks."""
        self._pass_on_once(topic, subject_id, change_id, ignore_queue=True)

    def _pass_on_once(self, topic: str, subject_id: str, change_id: str, **how: bool) -> None:
        if not self._heard.is_news(change_id):
            return
        try:
            self._pass_on(topic, subject_id, **how)
        except BaseException:
            self._heard.forget(change_id)
            raise

    def _pass_on(self, topic: str, subject_id: str, **how: bool) -> None:
        if topic == sessions.DEVICE_TOPIC:
            self._close_if_ended(subject_id)
            return
        if topic == media_programs.TOPIC:
            self.server.emit("serve", {}, to=f"{topic}:{subject_id}", **how)
            return
        self.server.emit("hint", {"topic": topic, "id": subject_id}, to=f"{topic}:{subject_id}", **how)

    def close_strangers(self, now: datetime) -> None:
        """Close what opened a socket and did not say who it is, or was refused: each takes threads while it lives."""
        manager, opened = self.server.server.manager, dict(self.server.server.eio.sockets)
        known = {manager.eio_sid_from_sid(sid, "/") for sid in list(self._known)}
        self._unknown_since = {sid: self._unknown_since.get(sid, now) for sid in opened if sid not in known}
        for sid, since in self._unknown_since.items():
            if now - since >= ENTER_WITHIN and not opened[sid].closed:
                opened[sid].close(wait=False)

    def _connect(self, auth: Any = None) -> None:
        if not security.is_from_us(request, floor().public_url):  # Engine.IO believes any Host and forwarded name
            raise Refusal("wrong_host", {"final": True, "error": "wrong_host"})
        token = auth.get("token") if isinstance(auth, dict) else None
        face = auth.get("face") if isinstance(auth, dict) else None
        given = str(token or request.cookies.get(principals.cookie_name(str(face))) or "")
        who = (media_programs.enter if face == media_programs.FACE else _enter)(given, _sid())
        if who is None:
            raise Refusal("not_signed_in", {"final": True, "error": "not_signed_in"})
        self._known[_sid()], self._tokens[_sid()] = who, sessions.hashed(given)
        self.server.server.enter_room(_sid(), f"{who.kind}:{who.subject_id}", namespace="/")
        if who.kind is principals.COORDINATOR:
            self.server.server.enter_room(_sid(), f"village:{who.village_id}", namespace="/")

    def _disconnect(self, _reason: Any = None) -> None:
        who = self._known.pop(_sid(), None)
        self._tokens.pop(_sid(), None)
        if who is not None:
            for handler in self._gone:
                handler(SocketAsk(floor(), who, _sid(), floor().now()))

    def _ask(self, allowed: tuple[Allowed, ...]) -> SocketAsk:
        who = self._known.get(_sid())
        if who is not None:
            with floor().database.read() as session:
                if not self._may_stay(session, _sid(), who, floor().now()):
                    self._close(_sid())
                    raise NotSignedIn
        principals.check(who, allowed)
        assert who is not None
        return SocketAsk(floor(), who, _sid(), floor().now())

    def _close_if_ended(self, device_id: str) -> None:
        """A session was ended or sees another village: its sockets are closed here, if it has any and it is so."""
        held = [(sid, who) for sid, who in list(self._known.items()) if who.device_id == device_id]
        if not held:
            return
        with self._app.app_context(), floor().database.read() as session:
            strangers = [sid for sid, who in held if not self._may_stay(session, sid, who, floor().now())]
        for sid in strangers:
            self._close(sid)

    def _may_stay(self, session: Session, sid: str, who: Principal, now: datetime) -> bool:
        """Whether a session is still open, with the socket's token not long renewed, and sees what it saw then."""
        if who.kind is principals.MEDIA:
            return media_programs.is_at(session, who.subject_id, sid)
        device = session.get(DeviceSession, who.device_id)
        if device is None or not sessions.may_stay(device, self._tokens.get(sid, "")):
            return False
        return sessions.is_open(device, now) and device.village_id == who.village_id

    def _close(self, sid: str) -> None:
        """End a socket with its transport: disconnecting alone would leave it open, and its thread taken."""
        server = self.server.server
        transport = server.eio.sockets.get(server.manager.eio_sid_from_sid(sid, "/"))
        server.disconnect(sid, namespace="/")
        if transport is not None:
            transport.close(wait=False)  # to wait for a writer that died with its link would take for ever

    def _answer(self, run: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        who = self._known.get(_sid())
        language = who.language if who else "en"
        try:
            return run()
        except HomethreadError as error:
            return errors.problem(error, language)
        except ValidationError as error:
            return errors.problem(errors.invalid(error), language)
        except OperationalError as error:
            log.warning("a socket event had no database: %s", type(error.orig).__name__)
            return errors.problem(Busy("unavailable", errors.BUSY_RETRY_SECONDS), language)
        except Exception:
            log.exception("a socket event failed")
            return errors.problem(HomethreadError("unexpected"), language)


def _enter(token: str, _sid: str) -> Principal | None:
    return principals.of_token(token) if token else None


def _only(payload: tuple[Any, ...]) -> Any:
    if len(payload) != 1:
        raise Invalid("not_understood", fields={"body": "one_object"})
    return payload[0]


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]
    return sid
