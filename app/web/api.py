"""Routes of the JSON API: who may call them, what they take, what they give, in one transaction each.

A query looks; a command changes something and is idempotent: it takes an `Idempotency-Key`, whose first answer is
stored in the transaction of the change itself. What was declared here is also what `openapi.py` describes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.errors import Invalid
from app.web import principals
from app.web.floor import floor
from app.web.models import Idempotency
from app.web.principals import Allowed, Principal

KEY_HEADER = "Idempotency-Key"
NOW_HEADER = "Homethread-Now"  # by our own clock, also where nothing else is new
LONGEST_KEY = 64

Function = TypeVar("Function", bound=Callable[..., BaseModel])


@dataclass(frozen=True)
class Ask:
    """One question or command: the transaction it runs in, who asks, and when."""

    session: Session
    who: Principal
    now: datetime


@dataclass(frozen=True)
class Route:
    """What is said of one operation in the OpenAPI document."""

    method: str
    path: str
    function: Callable[..., BaseModel]
    takes: type[BaseModel] | None
    gives: type[BaseModel]
    status: int
    allowed: tuple[Allowed, ...]


class Api:
    """A blueprint under `/api`; its routes are kept in `routes` for the description."""

    def __init__(self, name: str) -> None:
        self.blueprint = Blueprint(f"api_{name}", __name__, url_prefix="/api")
        self.routes: list[Route] = []

    def query(
        self, path: str, *allowed: Allowed, gives: type[BaseModel], takes: type[BaseModel] | None = None
    ) -> Callable[[Function], Function]:
        """GET: `function(ask, [parameters], **path)`; the answer carries an ETag."""
        return self._route("GET", path, allowed, takes, gives, 200)

    def command(
        self, method: str, path: str, *allowed: Allowed, gives: type[BaseModel], takes: type[BaseModel] | None = None,
        status: int = 200,
    ) -> Callable[[Function], Function]:  # fmt: skip
        """POST, PATCH or DELETE: `function(ask, [body], **path)` in a transaction that commits with its answer."""
        return self._route(method, path, allowed, takes, gives, status)

    def _route(
        self, method: str, path: str, allowed: tuple[Allowed, ...], takes: type[BaseModel] | None,
        gives: type[BaseModel], status: int,
    ) -> Callable[[Function], Function]:  # fmt: skip
        def decorate(function: Function) -> Function:
            route = Route(method, path, function, takes, gives, status, allowed)
            run = _query if method == "GET" else _command

            @principals.allow(*allowed)
            def view(**path_values: str) -> Response:
                return run(route, path_values)

            self.routes.append(route)
            endpoint = f"{method.lower()}_{function.__name__}"
            self.blueprint.add_url_rule(path, endpoint, view, methods=[method])
            return function

        return decorate


def _query(route: Route, path_values: dict[str, str]) -> Response:
    arguments = [route.takes.model_validate(request.args.to_dict())] if route.takes else []
    with floor().database.read() as session:
        ask = Ask(session, principals.known(), floor().now())
        answer = route.function(ask, *arguments, **path_values)
        response = _json(answer.model_dump_json(), route.status)
        response.set_etag(_etag(answer))
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers[NOW_HEADER] = floor().now().isoformat()
    response.make_conditional(request)
    return response


def _command(route: Route, path_values: dict[str, str]) -> Response:
    key = request.headers.get(KEY_HEADER, "")
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("idempotency_key_missing", header=KEY_HEADER)
    body = [_body(route.takes)] if route.takes else []
    who = principals.known()
    first = _first_answer(who, key)
    if first is not None:
        return first
    try:
        with floor().database.begin() as session:
            kept = Idempotency(
                principal=who.name, key=key, request_hash=_request_hash(), status=0, answer="", at=floor().now()
            )
            session.add(kept)
            session.flush()
            answer = route.function(Ask(session, who, floor().now()), *body, **path_values)
            kept.status, kept.answer = route.status, answer.model_dump_json()
    except IntegrityError:
        first = _first_answer(who, key)
        if first is None:
            raise
        return first
    return _json(kept.answer, kept.status)


def _first_answer(who: Principal, key: str) -> Response | None:
    with floor().database.read() as session:
        kept = session.get(Idempotency, (who.name, key))
        if kept is None:
            return None
        if kept.request_hash != _request_hash():
            raise Invalid("idempotency_key_reused")
        return _json(kept.answer, kept.status)


def _body(takes: type[BaseModel]) -> BaseModel:
    """Read the JSON as exactly the types that are described: "15" is no number."""
    try:
        return takes.model_validate_json(request.get_data() or b"{}", strict=True)
    except ValidationError as wrong:
        if any(found["type"] == "json_invalid" for found in wrong.errors(include_input=False)):
            raise Invalid("not_json") from wrong
        raise


def _etag(answer: BaseModel) -> str:
    """What time it is, is no news: the same answer a second later has the same tag."""
    return hashlib.sha256(answer.model_dump_json(exclude={"server_time"}).encode()).hexdigest()[:20]


def _request_hash() -> str:
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    return hashlib.sha256(asked).hexdigest()


def _json(body: str, status: int) -> Response:
    return Response(body, status, mimetype="application/json")
