"""How large, how long and how many: what an upload may be, when it expires, what a family may keep."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.errors import Invalid, Refused, TooLarge

VOICE_BYTES, PHOTO_BYTES = 1_500_000, 300_000
LONGEST_MS = 185_000  # three minutes, and what a slow finger adds
PATCH_BYTES = 256 * 1024
FAMILY_BYTES, FAMILY_BYTES_A_DAY = 60_000_000, 15_000_000
OPEN_UPLOADS_A_FAMILY = 40
EXPIRES_AFTER = timedelta(days=14)  # a phone may be without credit for that long
KEPT_FOR = timedelta(days=365)  # after it was last to be heard
# A PATCH renews its lock as bytes come; of one that died, or whose connection died unnoticed, it is free by then.
LOCK, RENEWED_EACH = timedelta(seconds=6), timedelta(seconds=2)
VOICE_MIMES = frozenset({"audio/ogg", "audio/webm", "audio/mp4"})
PHOTO_MIMES = frozenset({"image/webp", "image/jpeg"})


@dataclass(frozen=True)
class Kept:
    """What a family has in the store, and what it sent within the last day."""

    bytes: int
    bytes_today: int
    open_uploads: int


def check_upload(mime: str, length_bytes: int, kept: Kept) -> None:
    """Raises Invalid (not_a_kind, upload_empty), TooLarge, Refused (family_full, too_many_uploads)."""
    if mime not in VOICE_MIMES | PHOTO_MIMES:
        raise Invalid("not_a_kind")
    most = VOICE_BYTES if mime in VOICE_MIMES else PHOTO_BYTES
    if length_bytes < 1:
        raise Invalid("upload_empty")
    if length_bytes > most:
        raise TooLarge("upload_too_large", most_bytes=most)
    if kept.bytes + length_bytes > FAMILY_BYTES or kept.bytes_today + length_bytes > FAMILY_BYTES_A_DAY:
        raise Refused("family_full")
    if kept.open_uploads >= OPEN_UPLOADS_A_FAMILY:
        raise Refused("too_many_uploads")


def expires_at(now: datetime) -> datetime:
    return now + EXPIRES_AFTER


def locked_until(now: datetime) -> datetime:
    return now + LOCK


def renew_at(now: datetime) -> datetime:
    return now + RENEWED_EACH
