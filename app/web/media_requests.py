"""Lets media programs ask over HTTP: with the token that they enter sockets by, one made for each request.

They have no page, no cookie and no session; only what `allow` names them for is open to them.
"""

from flask import g, request
from sqlalchemy import select

from app.kernel import media_token
from app.web.floor import floor
from app.web.models import MediaProgram, PrincipalKind
from app.web.principals import Principal


def let_in() -> None:
    """Before a request: whoever shows a token is a media program, or nobody."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer":
        g.principal = _of_token(token)


def _of_token(token: str) -> Principal | None:
    """None also for a program that was never connected."""
    name = media_token.read(floor().sealer.media_key, token, floor().now())
    if name is None:
        return None
    with floor().database.read() as session:
        program_id = session.scalar(select(MediaProgram.id).where(MediaProgram.name == name))
    return Principal(PrincipalKind.MEDIA, program_id, None, program_id, "en") if program_id else None
