"""Sealed pieces in a bucket of an S3-compatible store: one object a piece, `PREFIX` + blob + `/` + index.

An object is there whole or not at all, and a put that was answered is there for every get after it. A call gives up a
store that says nothing after 17 seconds: whoever holds an upload's lock meanwhile must still hold it afterwards, since
there is no lock here.
"""

import io
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from app.gateways.vendor_http import is_this_machine
from app.kernel.ids import random_id
from app.messages.ports import NoRoom

CONNECT_SECONDS, ANSWER_SECONDS, RETRIES = 3, 5, 1
CONNECTIONS = 16
BLOB_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
KNOWN = ("region", "prefix")
PREFIX = re.compile(r"(?:[A-Za-z0-9_-]+/)*")
# Ceph, MinIO (its disks, a bucket's quota), Huawei; others answer 507 alone.
FULL = frozenset(
    {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorageSpace"}
)  # fmt: skip


@dataclass(frozen=True)
class Bucket:
    """What `s3://key:secret@host[:port]/bucket?region=…&prefix=…` says."""

    endpoint: str
    is_secure: bool
    key: str
    secret: str
    name: str
    region: str | None
    prefix: str


def read(url: str) -> Bucket:
    """Raises ValueError, which says what is wanted and never quotes the address: there is a secret in it."""
    parts, form = urlsplit(url), "an address as s3://key:secret@host/bucket"
    settings = dict(parse_qsl(parts.query, keep_blank_values=True))
    name, prefix = parts.path.strip("/"), settings.get("prefix", "")
    if not (_has_place(parts) and parts.hostname and parts.username and parts.password and BUCKET.fullmatch(name)):
        raise ValueError(f"{form}, key and secret percent-encoded")
    if unknown := sorted(settings.keys() - set(KNOWN)):
        raise ValueError(f"{form}, where {unknown[0]!r} is not known; there are {' and '.join(KNOWN)}")
    if prefix and not PREFIX.fullmatch(prefix := f"{prefix.rstrip('/')}/"):
        raise ValueError(f"{form} with a prefix of letters, digits, _, - and / alone")
    if parts.scheme == "s3+http" and not is_this_machine(parts.hostname):
        raise ValueError("s3://… (s3+http://… only for a store on this machine)")
    endpoint = parts.netloc.rpartition("@")[2]
    key, secret = unquote(parts.username), unquote(parts.password)
    return Bucket(endpoint, parts.scheme == "s3", key, secret, name, settings.get("region") or None, prefix)


class S3Blobs:
    write_lasts = timedelta(seconds=40)  # a get and a put

    def __init__(self, url: str) -> None:
        """Calls nobody yet. Raises ValueError."""
        self._bucket = bucket = read(url)
        self._client = Minio(
            bucket.endpoint, bucket.key, bucket.secret, secure=bucket.is_secure, region=bucket.region,
            http_client=urllib3.PoolManager(
                maxsize=CONNECTIONS, timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
                retries=urllib3.Retry(
                    RETRIES, allowed_methods=None, status_forcelist=[500, 502, 503, 504], raise_on_status=False,
                    redirect=0, respect_retry_after_header=False, backoff_factor=0.2,
                ),
            ),
        )  # fmt: skip

    def alone(self, blob_id: str) -> AbstractContextManager[None]:
        self._of(blob_id)
        return nullcontext()

    def put(self, blob_id: str, index: int, sealed: bytes) -> None:
        with _told():
            self._client.put_object(
                self._bucket.name, f"{self._of(blob_id)}{index}", io.BytesIO(sealed), len(sealed)
            )  # fmt: skip

    def get(self, blob_id: str, index: int) -> bytes:
        with _told():
            try:
                answer = self._client.get_object(self._bucket.name, f"{self._of(blob_id)}{index}")
            except S3Error as error:
                if error.code == "NoSuchKey":
                    raise KeyError((blob_id, index)) from error
                raise
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

    def delete(self, blob_id: str) -> None:
        with _told():
            found = self._client.list_objects(self._bucket.name, prefix=self._of(blob_id), recursive=True)
            doomed = [DeleteObject(each.object_name) for each in found if each.object_name]
            failed = list(self._client.remove_objects(self._bucket.name, doomed))
        if failed:
            raise OSError(f"{len(failed)} pieces of {blob_id} could not be deleted: {failed[0].code}")

    def blob_ids(self) -> Iterator[str]:
        prefix = self._bucket.prefix
        with _told():
            for each in self._client.list_objects(self._bucket.name, prefix=prefix):
                name = (each.object_name or "").removeprefix(prefix).removesuffix("/")
                if each.is_dir and BLOB_ID.fullmatch(name):
                    yield name

    def probe(self) -> None:
        name = f"probe-{random_id()}"
        self.put(name, 0, b"homethread")
        try:
            if self.get(name, 0) != b"homethread":
                raise OSError("what was kept reads differently")
        except KeyError as missing:
            raise OSError("what was kept is not there") from missing
        finally:
            self.delete(name)

    def _of(self, blob_id: str) -> str:
        if not BLOB_ID.fullmatch(blob_id):
            raise ValueError("not the id of a blob")
        return f"{self._bucket.prefix}{blob_id}/"


@contextmanager
def _told() -> Iterator[None]:
    """Say in the port's words what the store answered; neither key nor address stands in them."""
    try:
        yield
    except S3Error as error:
        if error.code in FULL or error.response.status == HTTPStatus.INSUFFICIENT_STORAGE:
            raise NoRoom(f"the store says {error.code}") from error
        raise OSError(f"the store says {error.code}") from error
    except (ServerError, InvalidResponseError) as error:
        status = error.status_code if isinstance(error, ServerError) else _status_of(error)
        if status == HTTPStatus.INSUFFICIENT_STORAGE:
            raise NoRoom(f"the store answers {status}") from error
        raise OSError(f"the store answers {status}") from error
    except (HTTPError, MinioException) as error:
        raise OSError(f"the store does not answer: {type(error).__name__}") from error


def _status_of(error: InvalidResponseError) -> int:
    """The number, which it keeps to itself."""
    return int(error._code)


def _has_place(parts: SplitResult) -> bool:
    """Whether the port, where one is named, is one."""
    try:
        return parts.port != 0
    except ValueError:
        return False
