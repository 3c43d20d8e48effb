"""Headers of every answer, and the refusal of commands that come from another site."""

import ipaddress
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request

from app.kernel.errors import HomethreadError, NotAllowed, NotFound
from app.web.floor import floor

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # what may be kept says so itself
}
OF_DOCUMENTS = {  # they govern pages alone; a thin link need not carry them with every module
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(self), screen-wake-lock=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OF_THE_REST = {"Content-Security-Policy": "default-src 'none'"}  # an SVG or a JSON opened by itself runs nothing


def register(app: Flask) -> None:
    app.before_request(_refuse_other_hosts)
    app.before_request(_refuse_other_sites)
    app.before_request(_refuse_nul)
    app.after_request(_add_headers)


def same_origin(origin: str | None, host: str) -> bool:
    """Whether an Origin is the host that is spoken to; none at all comes from a program, not from another page."""
    return origin is None or origin.partition("://")[2] == host


def is_from_us(asked: Request, public_url: str) -> bool:
    """Whether a socket is asked of us under a name of ours, and not by another site's page."""
    return is_our_host(asked.host, public_url) and same_origin(asked.headers.get("Origin"), asked.host)


def _refuse_other_sites() -> None:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or not same_origin(
        request.headers.get("Origin"), request.host
    ):
        raise NotAllowed


def is_our_host(host: str, public_url: str) -> bool:
    """Whether a Host names us: the public address, this machine, or any bare address, which no other site can take."""
    name = urlsplit(f"//{host}").hostname or ""
    if name in ("localhost", urlsplit(public_url).hostname):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _refuse_other_hosts() -> None:
    """A name that is not ours may be another site's, pointed at us (DNS rebinding); 421 as in RFC 9110, 15.5.20."""
    if not is_our_host(request.host, floor().public_url):
        raise MisdirectedRequest


class MisdirectedRequest(HomethreadError):
    status = 421

    def __init__(self) -> None:
        super().__init__("wrong_host")


def _refuse_nul() -> None:
    """Nothing here has a NUL in its name, and PostgreSQL takes none, not even to look for."""
    if "\0" in request.path:
        raise NotFound


def _add_headers(response: Response) -> Response:
    own = OF_DOCUMENTS if response.mimetype == "text/html" else OF_THE_REST
    for name, value in (HEADERS | own).items():
        response.headers.setdefault(name, value)
    if floor().public_url.startswith("https:"):  # also where a proxy of ours does the TLS
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
