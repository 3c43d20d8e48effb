"""The route by which vendors call us: receipts and texts, `/hooks/<gateway>/<secret>`. It reads nothing by itself.

The secret is made of the server's key, so that no table holds it. Where a vendor signs, its signature is asked for as
well; where it doesn't, only programs of this machine are heard, and none that speaks for somebody behind a proxy that
nobody told us of. Whoever knows no address learns nothing: all else is not there.
"""

import hmac
import logging
from collections.abc import Sequence
from ipaddress import ip_address

from flask import Blueprint, Request, Response, request
from werkzeug.exceptions import BadRequest, Forbidden, RequestEntityTooLarge

from app.kernel.errors import NotFound
from app.notices.ports import Arrivals, BadHook, BadSignature, Hooked, HookRequest, SmsGateway
from app.sms import inbox
from app.web.floor import floor
from app.web.principals import ANYONE, allow
from app.web.sealing import Sealer

log = logging.getLogger(__name__)

LARGEST_HOOK_BYTES = 256 * 1024
SEALED_FOR = "hook"
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def secret(sealer: Sealer, gateway: str) -> str:
    return sealer.hashed(SEALED_FOR, gateway)[:40]


def addresses(gateways: Sequence[SmsGateway], sealer: Sealer, public_url: str, local_url: str) -> dict[str, str]:
    """What each vendor that calls us is told to call, by gateway; who doesn't sign, past all proxies."""
    called = {gateway.name: gateway for gateway in gateways if isinstance(gateway, Hooked)}
    return {
        name: f"{public_url if gateway.signs else local_url}/hooks/{name}/{secret(sealer, name)}"
        for name, gateway in called.items()
    }


def blueprint(gateways: Sequence[SmsGateway]) -> Blueprint:
    routes = Blueprint("hooks", __name__)
    hooked = {gateway.name: gateway for gateway in gateways if isinstance(gateway, Hooked)}

    @routes.route("/hooks/<gateway>/<given>", methods=["GET", "POST"])
    @allow(ANYONE)
    def hook(gateway: str, given: str) -> Response:
        """Hear what a vendor has to say, and answer as it wants."""
        right = hmac.compare_digest(secret(floor().sealer, gateway).encode(), given.encode("utf-8", "replace"))
        caller = hooked.get(gateway)
        if caller is None or not right or not (caller.signs or _is_local(request)):
            raise NotFound
        arrivals = _read(caller, gateway, _said(request))
        inbox.take(floor().database, floor().clock, gateway, arrivals)
        return Response(arrivals.answer, mimetype=arrivals.mime)

    return routes


def _is_local(asked: Request) -> bool:
    """Whether a program of this machine calls. Of a proxy that is not one of ours nothing is believed."""
    is_told_by_ours = "werkzeug.proxy_fix.orig" in asked.environ
    if not is_told_by_ours and any(name in asked.headers for name in FORWARDED):
        return False
    try:
        address = ip_address((asked.remote_addr or "").partition("%")[0])
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _said(asked: Request) -> HookRequest:
    """The call as it came. Raises RequestEntityTooLarge."""
    query = str(asked.environ.get("QUERY_STRING", "")).encode("latin-1", "replace")
    if len(query) > LARGEST_HOOK_BYTES:
        raise RequestEntityTooLarge
    asked.max_content_length = LARGEST_HOOK_BYTES
    whole = f"{floor().public_url}{asked.path}" + (f"?{query.decode('latin-1')}" if query else "")
    headers = {name.lower(): value for name, value in asked.headers.items()}
    return HookRequest(asked.method, whole, query, asked.get_data(cache=False), headers)


def _read(gateway: Hooked, name: str, said: HookRequest) -> Arrivals:
    try:
        return gateway.hook(said, floor().now())
    except BadSignature as forged:
        log.warning("a call for %s was not signed as it should be", name)
        raise Forbidden from forged
    except BadHook as unread:
        log.warning("a call for %s could not be read: %s", name, unread)
        raise BadRequest from unread
    except Exception as unforeseen:  # whatever stands in it: a vendor that hears of a fault of ours sends it for ever
        log.error("a call for %s broke its reader: %s", name, type(unforeseen).__name__)
        raise BadRequest from unforeseen
