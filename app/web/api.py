"""Routes of the JSON API: who may call them, what they take, what they give, in one transaction each.

A query looks; a command changes something and is idempotent: it takes an `Idempotency-Key`, whose first answer is
stored in the transaction of the change itself. What was declared here is also what `openapi.py` describes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.kernel.errors import HomethreadError, Invalid, Kept
from app.web import principals
from app.web.floor import Floor, floor
from app.web.limits import place
from app.web.models import Idempotency, PrincipalKind
from app.web.principals import Allowed, Principal

KEY_HEADER = "Idempotency-Key"
NOW_HEADER = "Homethread-Now"  # by our own clock, also where nothing else is new
LONGEST_KEY = 64
LARGEST_JSON_BYTES = 64_000
SEALED_FOR = "kept answer"  # an answer may hold what no table may: a number, an invitation

Function = TypeVar("Function", bound=Callable[..., BaseModel])


@dataclass(frozen=True)
class Ask:
    """One question or command: the transaction it runs in, who asks, and when."""

    session: Session
    who: Principal
    now: datetime


@dataclass(frozen=True)
class Door:
    """Somebody who is not known yet: where from, with what, and the key of this try, the same when it is repeated."""

    floor: Floor
    address: str
    label: str
    key: str
    now: datetime


@dataclass(frozen=True)
class Entered:
    """What is answered, and the token of the session if one was opened."""

    shape: BaseModel
    kind: PrincipalKind | None = None
    token: str | None = None


Entrance = TypeVar("Entrance", bound=Callable[..., Entered])


@dataclass(frozen=True)
class Route:
    """What is said of one operation in the OpenAPI document."""

    method: str
    path: str
    function: Callable[..., Any]
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

    def entrance(
        self, path: str, *, gives: type[BaseModel], takes: type[BaseModel] | None = None
    ) -> Callable[[Entrance], Entrance]:
        """POST by anybody: `function(door, [body])` gives an Entered.

        It opens its own transactions: what it counts (tries, codes asked for) is kept although the answer is no.
        """

        def decorate(function: Entrance) -> Entrance:
            @principals.allow(principals.ANYONE)
            def view() -> Response:
                body = [_body(takes)] if takes else []
                agent = request.user_agent.string
                door = Door(floor(), place(request.remote_addr or ""), labelled(agent), _key(), floor().now())
                entered = function(door, *body)
                response = _json(entered.shape.model_dump_json(), 200)
                if entered.token and entered.kind:
                    principals.end_replaced(entered.kind, entered.token)
                    principals.keep_token(response, entered.kind, entered.token)
                return response

            self.routes.append(Route("POST", path, function, takes, gives, 200, (principals.ANYONE,)))
            self.blueprint.add_url_rule(path, f"post_{function.__name__}", view, methods=["POST"])
            return function

        return decorate

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
    # A terminal is everybody's, and what its browser keeps lies readable on its disk: its pages keep the tags.
    kept = "no-store" if principals.known().kind is principals.TERMINAL else "private, no-cache"
    response.headers["Cache-Control"] = kept
    response.headers[NOW_HEADER] = floor().now().isoformat()
    response.make_conditional(request)
    return response


def _command(route: Route, path_values: dict[str, str]) -> Response:
    key = _key()
    body = [_body(route.takes)] if route.takes else []
    who = principals.known()
    first = _first_answer(who, key)
    if first is not None:
        return first
    refusal: HomethreadError | None = None
    try:
        with floor().database.begin() as session:
            kept = Idempotency(
                principal=who.name, key=key, request_hash=_request_hash(), status=0, answer="", at=floor().now()
            )
            session.add(kept)
            session.flush()
            try:
                answer = route.function(Ask(session, who, floor().now()), *body, **path_values)
                kept.status, kept.answer = route.status, floor().sealer.seal(SEALED_FOR, answer.model_dump_json())
            except Kept as counted:
                session.delete(kept)
                refusal = counted.error
    except IntegrityError:
        first = _first_answer(who, key)
        if first is None:
            raise
        return first
    if refusal is not None:
        raise refusal
    return _json(answer.model_dump_json(), kept.status)


def _key() -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise Invalid("idempotency_key_missing", header=KEY_HEADER)
    return key


def labelled(agent: str) -> str:
    """What a device is called in a list of devices: the browser and the system, as far as they say it."""
    browsers = ("MicroMessenger", "Edg", "Firefox", "Chrome", "Safari")
    systems = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")
    named = [next((word for word in words if word in agent), "") for words in (browsers, systems)]
    return " · ".join({"MicroMessenger": "WeChat", "Edg": "Edge"}.get(word, word) for word in named if word)


def _first_answer(who: Principal, key: str) -> Response | None:
    with floor().database.read() as session:
        kept = session.get(Idempotency, (who.name, key))
        if kept is None:
            return None
        if kept.request_hash != _request_hash():
            raise Invalid("idempotency_key_reused")
        return _json(floor().sealer.unseal(SEALED_FOR, kept.answer), kept.status)


def _body(takes: type[BaseModel]) -> BaseModel:
    """Read the JSON as exactly the types that are described: "15" is no number."""
    request.max_content_length = LARGEST_JSON_BYTES
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
