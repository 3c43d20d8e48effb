"""Texts straight to an SMSC, SMPP 3.4: one connection for all threads, held by whoever listens.

A process that doesn't listen binds for as long as it has something to say, as a transmitter, so that nothing comes in
where nobody hears it. Long texts are cut by us and numbered in their headers; the last piece's receipt speaks for the
whole. Message ids are compared as numbers where SMSCs write them now hex, now decimal: the address says which.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from smpplib import consts

from app.gateways.address import Address, read
from app.gateways.smpp_hearing import Hearing
from app.gateways.smpp_link import OK, Answer, Link, bound
from app.gateways.smpp_pieces import Pieces
from app.gateways.smpp_reading import message_id
from app.kernel.clock import Clock
from app.kernel.numbers import E164
from app.notices.ports import LONGEST_CALL_SECONDS, Accepted, Arrivals, GatewayError, NoAnswer
from app.notices.segments import Encoding, encoding_of, header, octets, split

log = logging.getLogger(__name__)

SEND_SECONDS = LONGEST_CALL_SECONDS - 2.0
LEAST_SECONDS = 1.0  # what can't be answered in time is not begun
BINDING_SECONDS, PROBE_SECONDS = 8.0, 4.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 60.0
THROTTLED_PAUSE_SECONDS = 1.0
WINDOW = 10  # requests without an answer at a time; SMSCs refuse more
CODINGS = {Encoding.UCS2: consts.SMPP_ENCODING_ISO10646}
PERMANENT = {consts.SMPP_ESME_RINVDSTADR}
BUSY = {consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL}
LONGEST_USER, LONGEST_PASSWORD, LONGEST_SYSTEM_TYPE, LONGEST_FROM = 15, 8, 12, 20  # SMPP 3.4, 5.2
RADIX = {"": 0, "hex": 16, "decimal": 10}

SETTINGS = ("from", "system_type", "window", "ids", "receipt_ids")


class Smpp:
    """An `SmsGateway` that is `Listening`."""

    name = "smpp"
    can_receive = True
    templates_only = False
    receipts = True
    can_query = False
    max_segments = 3
    signature = ""

    def __init__(self, url: str, data_dir: Path, clock: Clock) -> None:
        """Raises ValueError naming what the address has to say."""
        self._address = read(url, known=SETTINGS)
        settings = self._address.settings
        self._system_type = settings.get("system_type", "")
        self._sender = _source(settings.get("from", ""))
        _check_lengths(self._address, self._system_type, settings.get("from", ""))
        self._ids, self._receipt_ids = (_radix(settings.get(name, "")) for name in ("ids", "receipt_ids"))
        self._window = threading.BoundedSemaphore(_window(settings.get("window", str(WINDOW))))
        self._file, self._clock = data_dir / "smpp.sqlite", clock
        self._sharing, self._binding = threading.Lock(), threading.Lock()
        self._link: Link | None = None

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        until = time.monotonic() + SEND_SECONDS
        ref = ""
        with self._in_use() as link:
            for number, fields in enumerate(self._pieces(to, text, key)):
                ref = self._submit(link, fields, until, is_first=number == 0)
        return Accepted(ref or f"unnamed-{sha256(key.encode()).hexdigest()[:32]}")

    def query(self, key: str) -> Accepted | None:
        raise NotImplementedError

    def probe(self) -> None:
        try:
            with self._in_use() as link:
                link.request("enquire_link", time.monotonic() + PROBE_SECONDS)
        except NoAnswer as error:
            raise GatewayError("the SMSC does not answer", permanent=False) from error

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        hearing = Hearing(take, Pieces(self._file), self._clock, self._receipt_ref)
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            began_at = time.monotonic()
            try:
                with self._in_use(receiving=True) as link:
                    hearing.hear(link, stop)
            except (GatewayError, NoAnswer) as error:
                if time.monotonic() > began_at + LONGEST_PAUSE_SECONDS:
                    pause = FIRST_PAUSE_SECONDS
                log.warning("%s; again in %.1f s", error, pause)
                hearing.give_overdue()
                stop.wait(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _pieces(self, to: E164, text: str, key: str) -> Iterator[Mapping[str, Any]]:
        encoding, parts = encoding_of(text), split(text)
        reference = sha256(key.encode()).digest()[0]
        for number, part in enumerate(parts, 1):
            head = header(encoding, reference, number, len(parts))
            yield {
                **self._sender,
                "dest_addr_ton": consts.SMPP_TON_INTL, "dest_addr_npi": consts.SMPP_NPI_ISDN,
                "destination_addr": to.removeprefix("+"),
                "esm_class": consts.SMPP_GSMFEAT_UDHI if head else consts.SMPP_MSGMODE_DEFAULT,
                "data_coding": CODINGS.get(encoding, consts.SMPP_ENCODING_DEFAULT),
                "registered_delivery": int(number == len(parts)),
                "short_message": head + octets(part, encoding),
            }  # fmt: skip

    def _submit(self, link: Link, fields: Mapping[str, Any], until: float, *, is_first: bool) -> str:
        """Hand one piece over. Later pieces of a text wait where the SMSC is busy, since the first is there already."""
        while True:
            answer = self._asked(link, fields, until)
            if answer.status == OK:
                return _same_id(message_id(answer.pdu), self._ids)
            if is_first or answer.status not in BUSY or time.monotonic() + THROTTLED_PAUSE_SECONDS > until:
                refusal = f"the SMSC refused: {answer.words}"
                raise GatewayError(refusal, permanent=answer.status in PERMANENT)
            threading.Event().wait(THROTTLED_PAUSE_SECONDS)

    def _asked(self, link: Link, fields: Mapping[str, Any], until: float) -> Answer:
        if not self._window.acquire(timeout=max(until - LEAST_SECONDS - time.monotonic(), 0)):
            raise GatewayError("the SMSC leaves too many texts without an answer", permanent=False)
        try:
            return link.request("submit_sm", until, **fields)
        finally:
            self._window.release()

    def _receipt_ref(self, said: str) -> str:
        return _same_id(said, self._receipt_ids)

    @contextmanager
    def _in_use(self, *, receiving: bool = False) -> Iterator[Link]:
        """The connection, made if there is none; it ends with its last user. Raises GatewayError."""
        link = self._shared(receiving) or self._bound(receiving)
        try:
            yield link
        finally:
            with self._sharing:
                link.users -= 1
                is_last = link.users == 0
                if is_last and self._link is link:
                    self._link = None
            if is_last:
                link.close()

    def _shared(self, receiving: bool) -> Link | None:
        with self._sharing:
            link = self._link
            if link is None or link.is_lost or (receiving and not link.receives):
                return None
            link.users += 1
            return link

    def _bound(self, receiving: bool) -> Link:
        """Of many that find no connection one makes it, and the others wait for it."""
        if not self._binding.acquire(timeout=BINDING_SECONDS):
            raise GatewayError("the SMSC has not let us in yet", permanent=False)
        try:
            if link := self._shared(receiving):
                return link
            link = bound(self._address, self._system_type, receives=receiving)
            with self._sharing:
                link.users = 1
                self._link = link
            return link
        finally:
            self._binding.release()


def _source(sender: str) -> dict[str, Any]:
    """A number, a short code or a name, as SMPP tells them apart (5.2.5)."""
    digits = sender.removeprefix("+")
    ton, npi = consts.SMPP_TON_ALNUM, consts.SMPP_NPI_UNK
    if not sender:
        ton = consts.SMPP_TON_UNK
    elif digits.isdigit() and sender.startswith("+"):
        ton, npi = consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN
    elif digits.isdigit():
        ton = consts.SMPP_TON_NWSPEC
    return {"source_addr_ton": ton, "source_addr_npi": npi, "source_addr": digits}


def _check_lengths(address: Address, system_type: str, sender: str) -> None:
    """What is too long would be cut off without a word."""
    for said, longest in (
        (address.user, LONGEST_USER), (address.password, LONGEST_PASSWORD),
        (system_type, LONGEST_SYSTEM_TYPE), (sender, LONGEST_FROM),
    ):  # fmt: skip
        if not said.isascii() or len(said) > longest:
            raise ValueError(
                f"an address of plain letters and digits: system_id of at most {LONGEST_USER}, password of at most"
                f" {LONGEST_PASSWORD}, system_type of at most {LONGEST_SYSTEM_TYPE}, from of at most {LONGEST_FROM}"
            )


def _window(said: str) -> int:
    if not said.isdecimal() or not 1 <= int(said) <= 1000:
        raise ValueError("an address with window=… from 1 to 1000")
    return int(said)


def _radix(said: str) -> int:
    if said not in RADIX:
        raise ValueError(
            "an address with ids=… and receipt_ids=… hex or decimal, where the SMSC writes them differently"
        )
    return RADIX[said]


def _same_id(said: str, radix: int) -> str:
    """An SMSC's name for a text, written in one way: zeros in front and small letters are no other name."""
    try:
        return str(int(said, radix)) if radix else said.lower().lstrip("0") or said
    except ValueError:
        return said
