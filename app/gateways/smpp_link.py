"""One bound connection to an SMSC, SMPP 3.4: requests from many threads, and what the SMSC sends by itself.

One thread reads, whoever wants writes. smpplib builds and reads the PDUs; the socket is ours, since smpplib's client
loses its place in the stream when a read times out, lets one thread in at a time, and logs numbers and texts.
"""

import logging
import queue
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smpplib import consts, smpp
from smpplib.client import SimpleSequenceGenerator

from app.gateways.address import Address
from app.notices.ports import GatewayError, NoAnswer

log = logging.getLogger(__name__)

CONNECT_SECONDS, BIND_SECONDS, UNBIND_SECONDS = 4.0, 4.0, 1.0
STUCK_SECONDS = 5.0  # that long no byte can be written: the other end is gone
HEADER = struct.Struct(">LLLL")
LENGTH_OCTETS = 4
LARGEST_PDU = 70_000  # a message_payload may have 64 kB
RESPONSE = 0x80000000
DELIVER_SM, UNBIND, ENQUIRE_LINK, DATA_SM = 0x05, 0x06, 0x15, 0x103
OK, NOT_NOW, NEVER = consts.SMPP_ESME_ROK, consts.SMPP_ESME_RX_T_APPN, consts.SMPP_ESME_RX_P_APPN


class LinkLost(NoAnswer):
    """The connection ended before the answer came."""


@dataclass(frozen=True)
class Answer:
    """A response: its status, and all of it as it came."""

    status: int
    pdu: bytes

    @property
    def words(self) -> str:
        return f"{consts.DESCRIPTIONS.get(self.status, 'a code of its own')} (0x{self.status:x})"


@dataclass(frozen=True)
class Delivery:
    """A deliver_sm or data_sm as it came, to be answered under its sequence number."""

    pdu: bytes
    command: int
    sequence: int
    came_at: float  # of the monotonic clock


class Link:
    """Begins unbound; `bound` gives one that is. `users` is counted by whoever shares it."""

    def __init__(self, line: socket.socket, *, receives: bool) -> None:
        self._line = line
        self.receives = receives
        self.users = 0
        self._sequences = SimpleSequenceGenerator()
        self._writing = threading.Lock()
        self._waiting: dict[int, queue.SimpleQueue[Answer | None]] = {}
        self._came: queue.SimpleQueue[Delivery | None] = queue.SimpleQueue()
        self._lost = threading.Event()
        line.settimeout(STUCK_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._read, name="smpp-reader", daemon=True).start()

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    def request(self, command: str, until: float, **fields: Any) -> Answer:
        """Ask, and wait for the answer until that moment of the monotonic clock.

        Raises NoAnswer, and GatewayError where the connection had ended before anything was written.
        """
        said: queue.SimpleQueue[Answer | None] = queue.SimpleQueue()
        pdu = self._ask(command, said, fields)
        try:
            answer = said.get(timeout=max(until - time.monotonic(), 0.01))
        except queue.Empty:
            raise NoAnswer("the SMSC did not answer in time") from None
        finally:
            self._waiting.pop(pdu.sequence, None)
        if answer is None:
            raise LinkLost("the connection to the SMSC ended")
        return answer

    def deliveries(self, seconds: float, at_most: int) -> list[Delivery]:
        """What came, once something has; [] after as many seconds. Raises LinkLost when all before it is handed out."""
        came: list[Delivery] = []
        while len(came) < at_most:
            try:
                one = self._came.get(timeout=0 if came else seconds)
            except queue.Empty:
                return came
            if one is None:
                self._came.put(None)
                if came:
                    return came
                raise LinkLost("the connection to the SMSC ended")
            came.append(one)
        return came

    def answer(self, delivery: Delivery, status: int) -> None:
        """Raises LinkLost."""
        command = "data_sm_resp" if delivery.command == DATA_SM else "deliver_sm_resp"
        self._respond(command, delivery.sequence, status)

    def close(self) -> None:
        """Unbind, if the other end still listens, and hang up."""
        if not self.is_lost:
            try:
                self.request("unbind", time.monotonic() + UNBIND_SECONDS)
            except (NoAnswer, GatewayError):
                log.debug("the SMSC did not answer to unbind")
        self.hang_up()

    def hang_up(self) -> None:
        """At once, and tell everybody who waits."""
        if self._lost.is_set():
            return
        self._lost.set()
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the SMSC had hung up")
        self._line.close()
        for waiting in list(self._waiting.values()):
            waiting.put(None)
        self._came.put(None)

    def _ask(self, command: str, said: "queue.SimpleQueue[Answer | None]", fields: Mapping[str, Any]) -> Any:
        with self._writing:
            pdu = smpp.make_pdu(command, client=self._sequences, **fields)
            self._waiting[pdu.sequence] = said
            if self.is_lost:
                self._waiting.pop(pdu.sequence, None)
                raise GatewayError("the connection to the SMSC had ended", permanent=False)
            self._write(pdu)
        return pdu

    def _respond(self, command: str, sequence: int, status: int = OK) -> None:
        pdu = smpp.make_pdu(command, client=self._sequences, status=status)
        pdu.sequence = sequence
        with self._writing:
            self._write(pdu)

    def _write(self, pdu: Any) -> None:
        try:
            self._line.sendall(pdu.generate())
        except OSError as error:
            self.hang_up()
            raise LinkLost("the connection to the SMSC ended") from error

    def _read(self) -> None:
        got = bytearray()
        try:
            while not self.is_lost:
                try:
                    piece = self._line.recv(65_536)
                except TimeoutError:
                    continue
                if not piece:
                    return
                got += piece
                for pdu in _whole_pdus(got):
                    self._hear(pdu)
        except (OSError, LinkLost, ValueError) as error:
            log.debug("reading from the SMSC ended: %s", type(error).__name__)
        finally:
            self.hang_up()

    def _hear(self, pdu: bytes) -> None:
        _length, command, status, sequence = HEADER.unpack_from(pdu)
        if command & RESPONSE:
            waiting = self._waiting.pop(sequence, None)
            if waiting is not None:
                waiting.put(Answer(status, pdu))
        elif command in (DELIVER_SM, DATA_SM) and self.receives:
            self._came.put(Delivery(pdu, command, sequence, time.monotonic()))
        elif command == ENQUIRE_LINK:
            self._respond("enquire_link_resp", sequence)
        elif command == UNBIND:
            self._respond("unbind_resp", sequence)
            raise LinkLost("the SMSC unbound us")
        else:
            self._respond("generic_nack", sequence, consts.SMPP_ESME_RINVCMDID)


def bound(address: Address, system_type: str, *, receives: bool) -> Link:
    """A connection for sending, and if it `receives` for what comes in. Raises GatewayError."""
    try:
        line = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
    except OSError as error:
        raise GatewayError(f"the SMSC is not reachable: {type(error).__name__}", permanent=False) from error
    link = Link(line, receives=receives)
    try:
        answer = link.request(
            "bind_transceiver" if receives else "bind_transmitter", time.monotonic() + BIND_SECONDS,
            system_id=address.user, password=address.password, system_type=system_type,
        )  # fmt: skip
    except NoAnswer as error:
        link.hang_up()
        raise GatewayError("the SMSC does not answer to bind", permanent=False) from error
    if answer.status != OK:
        link.hang_up()
        raise GatewayError(f"the SMSC lets us not in: {answer.words}", permanent=False)
    return link


def _whole_pdus(got: bytearray) -> Iterator[bytes]:
    """Cut off what has come whole. Raises ValueError for a length that no PDU has."""
    while len(got) >= LENGTH_OCTETS:
        length = int.from_bytes(got[:LENGTH_OCTETS])
        if not HEADER.size <= length <= LARGEST_PDU:
            raise ValueError("no PDU")
        if len(got) < length:
            return
        yield bytes(got[:length])
        del got[:length]
