"""Texts through a GSM modem of our own: gammu-smsd holds the device, we share its folders.

We write outbox/ and read inbox/, sent/ and error/. A text's file bears a hash of its key, and so it can be found by its
key wherever the daemon has moved it. What was told of is moved on, into told/, and goes after some days. The daemon
must run with `service = files` and let us write in its folders; a modem needs seconds for a text, so what can't wait
goes first. A daemon that hangs looks alive (it holds the device and says nothing): only texts that stay tell.
"""

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import groupby, islice
from pathlib import Path
from urllib.parse import urlsplit

from app.gateways.gammu_files import Part, backup, part_at, ref_of, text_of
from app.gateways.one_listener import turn
from app.kernel.clock import Clock
from app.kernel.numbers import E164
from app.notices.ports import Accepted, Arrivals, GatewayError, Inbound, Receipt, ReceiptStatus

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AWAY_SECONDS = 30.0  # after the folders could not be read
QUIET_SECONDS = 1.0  # nobody writes a file any more that was left alone for so long
STUCK_SECONDS = 180
KEEP_SECONDS = 3 * 24 * 3600
CLEAN_EVERY_SECONDS = 3600
MOST_AT_ONCE = 100
KEY_HEX_DIGITS = 32  # smsd has room for 99 characters in a name
WITHOUT_DELAY = ("ring_", "unanswered_", "reminder_ten", "sign_in_code", "number_code", "sms_")
TO_MANY = ("announcement",)
FATES = {"sent": ReceiptStatus.SENT, "error": ReceiptStatus.FAILED}


class Modem:
    """An `SmsGateway` that is `Listening`, over the spool folder of one gammu-smsd."""

    name = "modem"
    can_receive = True
    templates_only = False
    receipts = True
    can_query = True
    max_segments = 3
    signature = ""

    def __init__(self, url: str, clock: Clock) -> None:
        """Raises ValueError naming what the address has to say."""
        parts = urlsplit(url)
        if parts.netloc or parts.query or not parts.path.startswith("/"):
            raise ValueError("an address as modem:/var/spool/gammu, the folder with outbox, inbox, sent and error")
        self._spool, self._clock = Path(parts.path), clock
        self._strange: set[str] = set()
        self._cleaned_at = 0.0

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        """Put a text before the daemon; a key that was taken before is taken as the same text."""
        mark = _mark(key)
        try:
            self._look_for_a_halt()
            if not self._is_known(mark):
                self._put(_urgency(template), mark, backup(to, text, int(mark[:2], 16)))
        except OSError as error:
            raise GatewayError(f"the modem's outbox: {error.strerror}", permanent=False) from error
        return Accepted(mark)

    def query(self, key: str) -> Accepted | None:
        mark = _mark(key)
        try:
            return Accepted(mark) if self._is_known(mark) else None
        except OSError as error:
            raise GatewayError(f"the modem's folders: {error.strerror}", permanent=False) from error

    def probe(self) -> None:
        """Raises GatewayError where the folders are not as they must be, or texts have stayed for minutes."""
        for folder in ("outbox", "inbox", *FATES):
            if not os.access(self._spool / folder, os.R_OK | os.W_OK | os.X_OK):
                raise GatewayError(f"the modem's folder {folder} is not there or not ours to write", permanent=False)
        try:
            self._look_for_a_halt()
        except OSError as error:
            raise GatewayError(f"the modem's folders: {error.strerror}", permanent=False) from error

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        """Look each second. Of all workers one does."""
        while not stop.is_set():
            try:
                with turn(self._spool / ".homethread-listener", stop):
                    while not stop.is_set():
                        self._hand_over(take)
                        stop.wait(LOOK_SECONDS)
            except OSError as error:
                log.warning("the modem's folders can't be read: %s", error.strerror)
                stop.wait(AWAY_SECONDS)

    def _put(self, urgency: str, mark: str, content: str) -> None:
        """The daemon takes files in the order of their names, and sees none that begins with a dot."""
        name = f"OUT{urgency}{self._clock.now():%Y%m%d_%H%M%S_%f}_{mark}.smsbackup"
        draft = self._spool / "outbox" / f".{name}"
        try:
            with draft.open("x", encoding="ascii") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(draft.with_name(name))
        except OSError:
            draft.unlink(missing_ok=True)
            raise

    def _is_known(self, mark: str) -> bool:
        """Files move in the order of these folders while we look."""
        folders = ("outbox", *FATES, *(f"{fate}/told" for fate in FATES))
        return any(f"_{mark}." in name for folder in folders for name in _names(self._spool / folder))

    def _look_for_a_halt(self) -> None:
        """Raises GatewayError if the oldest text in the outbox has seen nothing move for a long while."""
        waiting = [at for each in _outgoing(self._spool / "outbox") if (at := _modified_at(each)) is not None]
        if not waiting:
            return
        moved_at = max((self._spool / fate).stat().st_mtime for fate in FATES)
        still = self._clock.now().timestamp() - max(min(waiting), moved_at)
        if still > STUCK_SECONDS:
            minutes = int(still // 60)
            raise GatewayError(f"{len(waiting)} texts wait, the modem sent none for {minutes} minutes", permanent=False)

    def _hand_over(self, take: Callable[[Arrivals], None]) -> None:
        """What is not taken holds nothing else back, and comes again."""
        for parts in self._came_in():
            inbound = Inbound(ref_of(parts), parts[0].sender, text_of(parts), _instant(parts[0].at))
            if _taken(take, Arrivals(texts=[inbound])):
                for part in parts:
                    part.path.unlink()
        for fate, status in FATES.items():
            self._tell(take, self._spool / fate, status)
        self._clean()

    def _came_in(self) -> Iterator[list[Part]]:
        """Texts that are whole: the daemon writes part after part, one text's in one go."""
        read = [part for name in sorted(_names(self._spool / "inbox")) if (part := self._part(name)) is not None]
        for _, group in groupby(read, key=lambda part: part.whole):
            parts = list(group)
            if max(part.at for part in parts) + QUIET_SECONDS < self._clock.now().timestamp():
                yield parts

    def _part(self, name: str) -> Part | None:
        try:
            part = part_at(self._spool / "inbox" / name)
        except OSError:
            part = None
        if part is None and name not in self._strange:
            self._strange.add(name)
            log.warning("in the modem's inbox lies something that can't be read as a text; it stays there")
        return part

    def _tell(self, take: Callable[[Arrivals], None], folder: Path, status: ReceiptStatus) -> None:
        """Receipts of what the daemon is done with, by the text's name."""
        done = list(islice(_outgoing(folder), MOST_AT_ONCE))
        if not done:
            return
        error = "not sent by the modem" if status is ReceiptStatus.FAILED else None
        receipts = [Receipt(_mark_in(path), None, status, self._clock.now(), error) for path in done]
        if _taken(take, Arrivals(receipts=receipts)):
            (folder / "told").mkdir(exist_ok=True)
            for path in done:
                path.rename(folder / "told" / path.name)

    def _clean(self) -> None:
        now = self._clock.now().timestamp()
        if now < self._cleaned_at + CLEAN_EVERY_SECONDS:
            return
        self._cleaned_at = now
        for fate in FATES:
            for path in _outgoing(self._spool / fate / "told"):
                if path.stat().st_mtime + KEEP_SECONDS < now:
                    path.unlink()


def _mark(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:KEY_HEX_DIGITS]


def _mark_in(path: Path) -> str:
    return path.name.rpartition("_")[2].partition(".")[0]


def _urgency(template: str) -> str:
    """The priorities of gammu: A goes first."""
    return "A" if template.startswith(WITHOUT_DELAY) else "E" if template.startswith(TO_MANY) else "C"


def _names(folder: Path) -> Sequence[str]:
    """The names in a folder that need not be there."""
    try:
        return [name for name in os.listdir(folder) if not name.startswith(".")]
    except FileNotFoundError:
        return []


def _outgoing(folder: Path) -> Iterator[Path]:
    """Our texts there; others may use the modem besides us."""
    return (folder / name for name in sorted(_names(folder)) if name.startswith("OUT") and name.endswith(".smsbackup"))


def _modified_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None  # it has moved on


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _taken(take: Callable[[Arrivals], None], arrivals: Arrivals) -> bool:
    try:
        take(arrivals)
    except Exception as error:
        log.warning("what came from the modem was not taken, and comes again: %s", type(error).__name__)
        return False
    return True
