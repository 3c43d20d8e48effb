"""Which module does which kind of work. Each is loaded with the first work of its kind, and WebRTC with it."""

import logging
from functools import cache

from app.media.work import Lease, Outside, Work, WorkKind

log = logging.getLogger(__name__)


@cache
def prepare(host: str | None) -> None:
    """Once, before the first work: look whether what we use of aiortc is there, and at which address we are reached.

    Raises aiortc_fit.UnfitError.
    """
    from aioice import ice

    from app.media import aiortc_fit, opus

    aiortc_fit.fit()
    if host is not None:  # else all addresses but the loopback's
        ice.get_host_addresses = lambda use_ipv4, use_ipv6: [host] if (use_ipv6 if ":" in host else use_ipv4) else []
    log.info("voices by %s", opus.implementation())


def make(lease: Lease, outside: Outside) -> Work:
    if lease.kind is WorkKind.ANSWERING:
        from app.media.answering import Answering

        return Answering(lease, outside)
    if lease.kind is WorkKind.BRIDGE:
        from app.media.bridge import Bridge

        return Bridge(lease, outside)
    from app.media.line_check import LineCheck

    return LineCheck(lease, outside)
