"""The devices on which somebody is signed in: listed for their owner, and ended by them."""

from app.doors.shapes import DeviceShape, DevicesShape
from app.kernel.errors import NotFound
from app.notices import pushes
from app.web import sessions
from app.web.api import Ask
from app.web.models import DeviceSession


def listed(ask: Ask) -> DevicesShape:
    found = sessions.devices_of(ask.session, ask.who.kind, ask.who.subject_id, ask.now)
    return DevicesShape(
        devices=[
            DeviceShape(
                id=device.id, label=device.label, opened_by=device.opened_by, opened_at=device.opened_at,
                seen_at=device.beat_at, is_this=device.id == ask.who.device_id,
            )
            for device in found
        ]
    )  # fmt: skip


def end(ask: Ask, device_id: str) -> None:
    """End one of the asker's own sessions, with its sockets and its pushes. Somebody else's is NotFound."""
    device = ask.session.get(DeviceSession, device_id, with_for_update=True)
    if device is None or (device.kind, device.subject_id) != (ask.who.kind, ask.who.subject_id):
        raise NotFound
    sessions.end(ask.session, device, ask.now)
    pushes.end_of_device(ask.session, device.id, ask.now)
