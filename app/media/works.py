"""Which module does which kind of work. Each is loaded with the first work of its kind, and WebRTC with it."""

from app.media.work import Lease, Outside, Work, WorkKind


def make(lease: Lease, outside: Outside) -> Work:
    from app.media import aiortc_fit

    aiortc_fit.fit()
    if lease.kind is WorkKind.ANSWERING:
        from app.media.answering import Answering

        return Answering(lease, outside)
    if lease.kind is WorkKind.BRIDGE:
        from app.media.bridge import Bridge

        return Bridge(lease, outside)
    from app.media.line_check import LineCheck

    return LineCheck(lease, outside)
