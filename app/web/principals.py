"""Who is asking, and who may. Every route and socket event says it with `allow`; the house tests hold that."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final, TypeVar

from flask import g, request
from werkzeug.wrappers import Response

from app.kernel.errors import NotAllowed, NotSignedIn
from app.web import sessions
from app.web.floor import floor
from app.web.models import PrincipalKind

PERSON: Final = PrincipalKind.PERSON
TERMINAL: Final = PrincipalKind.TERMINAL
COORDINATOR: Final = PrincipalKind.COORDINATOR
MEDIA: Final = PrincipalKind.MEDIA
ANYONE: Final = "anyone"

FACES: Final = {"phone": PERSON, "terminal": TERMINAL, "desk": COORDINATOR}
FACE_HEADER: Final = "Homethread-Face"

View = TypeVar("View", bound=Callable[..., Any])
Allowed = PrincipalKind | str


@dataclass(frozen=True)
class Principal:
    """`subject_id` is a person, a terminal or a coordinator; `village_id` is set for the last two.

    A media program is one too, over a socket alone: no page of its own, no cookie, and it is its own device.
    """

    kind: PrincipalKind
    subject_id: str
    village_id: str | None
    device_id: str
    language: str

    @property
    def name(self) -> str:
        return f"{self.kind}:{self.subject_id}"

    @property
    def village(self) -> str:
        assert self.village_id is not None
        return self.village_id


def check(who: Principal | None, allowed: tuple[Allowed, ...]) -> None:
    if ANYONE in allowed:
        return
    if who is None:
        raise NotSignedIn
    if who.kind not in allowed:
        raise NotAllowed


def allow(*allowed: Allowed) -> Callable[[View], View]:
    """Let only these kinds of principal call a view; `ANYONE` for what needs no sign-in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            check(principal(), allowed)
            return view(*args, **kwargs)

        guarded.allowed = allowed  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def principal() -> Principal | None:
    """Who is asking in this request. One browser may be signed in once per face, so the face picks the cookie."""
    if "principal" not in g:
        g.principal = _from_cookies()
    found: Principal | None = g.principal
    return found


def known() -> Principal:
    who = principal()
    if who is None:
        raise NotSignedIn
    return who


def _from_cookies() -> Principal | None:
    page = request.path.removeprefix("/")
    named = request.headers.get(FACE_HEADER) or request.args.get("face") or (page if page in FACES else None)
    for face in [named] if named else FACES:
        token = request.cookies.get(cookie_name(face))
        if token and (who := of_token(token)) and who.kind is FACES.get(face):
            return who
    return None


def of_token(token: str) -> Principal | None:
    with floor().database.read() as session:
        device = sessions.device_of(session, token, floor().now())
        if device is None:
            return None
        return Principal(device.kind, device.subject_id, device.village_id, device.id, device.language)


def cookie_name(face: str) -> str:
    return f"homethread_{face}"


def keep_token(response: Response, kind: PrincipalKind, token: str) -> None:
    """Let the browser keep the token of one face: out of reach of scripts, and of other sites' requests."""
    response.set_cookie(
        cookie_name(face_of(kind)), token, max_age=int(sessions.LIFETIMES[kind].total_seconds()), httponly=True,
        samesite="Lax", secure=floor().public_url.startswith("https:"),
    )  # fmt: skip


def end_replaced(kind: PrincipalKind, token: str) -> None:
    """Whoever was signed in to this face until now leaves with the cookie: nobody could end that session here later."""
    before = request.cookies.get(cookie_name(face_of(kind)))
    if not before:
        return
    with floor().database.begin() as session:
        now = floor().now()
        old, new = sessions.device_of(session, before, now), sessions.device_of(session, token, now)
        if old is not None and new is not None and old.id != new.id and old.kind is kind:
            sessions.end(session, old, now)


def face_of(kind: PrincipalKind) -> str:
    return next(face for face, its_kind in FACES.items() if its_kind is kind)


def drop_token(response: Response, kind: PrincipalKind) -> None:
    response.delete_cookie(cookie_name(face_of(kind)), httponly=True, samesite="Lax")
