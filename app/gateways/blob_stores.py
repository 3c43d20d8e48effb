"""Which store an address of `HOMETHREAD_MESSAGE_STORE` means; none is a folder of the data folder."""

from pathlib import Path

from app.config import BadSetting
from app.gateways.local_blobs import LocalBlobs
from app.messages.ports import Blobs

FOLDER = "messages"


def opened(url: str | None, data_dir: Path) -> Blobs:
    """The store, not called yet. Raises BadSetting."""
    if url is None:
        return LocalBlobs(data_dir / FOLDER)
    try:
        from app.gateways.s3_blobs import S3Blobs
    except ModuleNotFoundError as missing:
        raise BadSetting("HOMETHREAD_MESSAGE_STORE: s3 needs its library: pip install 'homethread[s3]'") from missing
    try:
        return S3Blobs(url)
    except ValueError as wanted:
        raise BadSetting(f"HOMETHREAD_MESSAGE_STORE must be {wanted}") from wanted
