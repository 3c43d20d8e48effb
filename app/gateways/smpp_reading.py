"""What an SMSC's deliver_sm says: a receipt, a text, or a piece of one. Pure; nothing that comes makes it fail.

The fields that every PDU has are read by smpplib; the optional ones here, because smpplib refuses a whole PDU for one
that it does not know, and a text would be lost. GSM characters come one an octet, as SMSCs hand them out.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from smpplib import consts, exceptions
from smpplib.command import DataSM, DeliverSM

from app.notices.ports import ReceiptStatus
from app.notices.segments import Encoding, octets

HEADER_OCTETS = 16
UDHI, MESSAGE_TYPE = 0x40, 0x3C
SMSC_RECEIPT, INTERMEDIATE = 0x04, 0x20
CONCATENATED_8, CONCATENATED_16, SINGLE_SHIFT = 0x00, 0x08, 0x24
ESCAPE = 0x1B
TLV = consts.OPTIONAL_PARAMS

STATES = {
    "DELIVRD": ReceiptStatus.DELIVERED,
    "EXPIRED": ReceiptStatus.FAILED,
    "DELETED": ReceiptStatus.FAILED,
    "UNDELIV": ReceiptStatus.FAILED,
    "REJECTD": ReceiptStatus.FAILED,
    "ACCEPTD": ReceiptStatus.SENT,
    "ENROUTE": ReceiptStatus.SENT,
    "UNKNOWN": ReceiptStatus.UNKNOWN,
}
STATE_NUMBERS = dict(
    enumerate(("ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD"), 1)
)
# SMPP 3.4, 5.2.19; what is binary is none of these.
CHARSETS = {
    0x01: "ascii", 0x03: "latin-1", 0x05: "shift_jis", 0x06: "iso8859-5", 0x07: "iso8859-8", 0x08: "utf-16-be",
    0x0A: "iso2022_jp", 0x0D: "euc_jis_2004", 0x0E: "euc_kr",
}  # fmt: skip
BINARY = (0x02, 0x04)
GSM, UCS2 = "gsm", "utf-16-be"


@dataclass(frozen=True)
class SmscReceipt:
    """`message_id` as the SMSC writes it in receipts."""

    message_id: str
    status: ReceiptStatus
    error: str | None


@dataclass(frozen=True)
class Piece:
    """A text, or piece `number` of `of`; `charset` is None for what people don't read."""

    sender: str
    recipient: str
    charset: str | None
    octets: bytes
    reference: int = 0
    of: int = 1
    number: int = 1
    shift: int | None = None


class Unreadable(Exception):
    """No PDU that SMPP 3.4 knows."""


class _Lenient:
    """Keeps the optional fields as they came."""

    tlvs: Mapping[int, bytes]

    def parse_optional_params(self, data: bytes) -> None:
        self.tlvs = dict(_tlvs(data))


class _DeliverSM(_Lenient, DeliverSM):  # type: ignore[misc]
    """See `_Lenient`."""


class _DataSM(_Lenient, DataSM):  # type: ignore[misc]
    """See `_Lenient`."""


def read(pdu: bytes) -> SmscReceipt | Piece:
    """Raises Unreadable."""
    said = _parsed(pdu)
    kind = (said.esm_class or 0) & MESSAGE_TYPE
    if kind in (SMSC_RECEIPT, INTERMEDIATE) or TLV["receipted_message_id"] in said.tlvs:
        return _receipt(said)
    return _piece(said)


def joined(pieces: list[Piece]) -> str | None:
    """The text of pieces in their order; None if it is none that people read. What can't be read shows as U+FFFD."""
    text, at = "", 0
    while at < len(pieces):
        first, upto = pieces[at], at + 1
        while upto < len(pieces) and (pieces[upto].charset, pieces[upto].shift) == (first.charset, first.shift):
            upto += 1
        if first.charset is None:
            return None
        text += _decoded(b"".join(each.octets for each in pieces[at:upto]), first.charset, first.shift)
        at = upto
    return text.replace("\0", "")


def message_id(pdu: bytes) -> str:
    """What a submit_sm_resp names the text; "" if it says nothing."""
    return pdu[HEADER_OCTETS:].partition(b"\0")[0].decode("ascii", "replace").strip()


def _parsed(pdu: bytes) -> Any:
    is_data = int.from_bytes(pdu[4:8]) == 0x103
    said = _DataSM("data_sm", need_sequence=False) if is_data else _DeliverSM("deliver_sm", need_sequence=False)
    said.tlvs = {}
    try:
        said.parse(pdu)
    except (struct.error, exceptions.UnknownCommandError, ValueError, TypeError, IndexError) as error:
        raise Unreadable from error
    return said


def _tlvs(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        tag, length = struct.unpack_from(">HH", data, at)
        yield tag, data[at + 4 : at + 4 + length]
        at += 4 + length


def _receipt(said: Any) -> SmscReceipt:
    text = _octets(said).decode("latin-1")
    named = re.search(r"\bid:\s*([!-~]{1,64})", text, re.IGNORECASE)
    state = re.search(r"\bstat:\s*([A-Za-z]{1,10})", text, re.IGNORECASE)
    code = re.search(r"\berr:\s*([0-9A-Za-z]{1,5})", text, re.IGNORECASE)
    tlv_id, tlv_state = (said.tlvs.get(TLV[name], b"") for name in ("receipted_message_id", "message_state"))
    name = tlv_id.rstrip(b"\0").decode("ascii", "replace") or (named[1] if named else "")
    word = STATE_NUMBERS.get(tlv_state[0], "") if len(tlv_state) == 1 else ""
    word = word or (state[1].upper()[:7] if state else "")
    if not name or word not in STATES:
        raise Unreadable
    failed = STATES[word] is ReceiptStatus.FAILED
    return SmscReceipt(name, STATES[word], f"{word} {code[1] if code else ''}".strip() if failed else None)


def _piece(said: Any) -> Piece:
    octets_, place = _octets(said), (0, 1, 1)
    charset, shift = _charset(said.data_coding or 0), None
    if (said.esm_class or 0) & UDHI and octets_:
        header, octets_ = octets_[1 : 1 + octets_[0]], octets_[1 + octets_[0] :]
        for kind, value in _elements(header):
            if kind == CONCATENATED_8 and len(value) == 3:
                place = value[0], value[1], value[2]
            elif kind == CONCATENATED_16 and len(value) == 4:
                place = int.from_bytes(value[:2]), value[2], value[3]
            elif kind == SINGLE_SHIFT and len(value) == 1:
                shift = value[0]
    else:
        place = _sar(said.tlvs)
    reference, of, number = place if 1 <= place[2] <= place[1] else (0, 1, 1)
    return Piece(_sender(said), _ascii(said.destination_addr), charset, octets_, reference, of, number, shift)


def _elements(header: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 2 <= len(header):
        length = header[at + 1]
        yield header[at], header[at + 2 : at + 2 + length]
        at += 2 + length


def _sar(tlvs: Mapping[int, bytes]) -> tuple[int, int, int]:
    names = ("sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum")
    values = [tlvs.get(TLV[name], b"") for name in names]
    if [len(value) for value in values] != [2, 1, 1]:
        return 0, 1, 1
    reference, of, number = (int.from_bytes(value) for value in values)
    return reference, of, number


def _octets(said: Any) -> bytes:
    return bytes(getattr(said, "short_message", None) or said.tlvs.get(TLV["message_payload"], b""))


def _sender(said: Any) -> str:
    sender = _ascii(said.source_addr)
    is_international = said.source_addr_ton == consts.SMPP_TON_INTL and sender.isdigit()
    return f"+{sender}" if is_international else sender


def _ascii(octets_: bytes | None) -> str:
    return (octets_ or b"").decode("ascii", "replace").strip()


def _charset(coding: int) -> str | None:
    """GSM's own data coding scheme (TS 23.038, 4) goes above SMPP's fifteen."""
    if coding >= 0xF0:
        return None if coding & 0x04 else GSM
    if coding >= 0x10:
        return (GSM, None, UCS2, GSM)[coding >> 2 & 3] if coding < 0x40 else GSM
    return None if coding in BINARY else CHARSETS.get(coding, GSM)


def _decoded(said: bytes, charset: str, shift: int | None) -> str:
    return _gsm(said, shift) if charset == GSM else said.decode(charset, "replace")


def _gsm(said: bytes, shift: int | None) -> str:
    table = _TABLES.get(shift, _TABLES[None])
    return "".join(_characters(said, table))


def _characters(said: bytes, table: Mapping[bytes, str]) -> Iterator[str]:
    """What follows an escape and is in no table is shown as the plain letter (TS 23.038, 6.2.1.1)."""
    at = 0
    while at < len(said):
        width = 2 if said[at] == ESCAPE and at + 1 < len(said) else 1
        one = said[at : at + width]
        yield table.get(one) or table.get(one[-1:]) or "\ufffd"
        at += width


def _table(encoding: Encoding) -> dict[bytes, str]:
    return {octets(c, encoding): c for c in map(chr, range(0x2100)) if encoding.holds(c)}


_TABLES: Mapping[int | None, Mapping[bytes, str]] = {
    each.shift: _table(each) for each in Encoding if each is not Encoding.UCS2
}
