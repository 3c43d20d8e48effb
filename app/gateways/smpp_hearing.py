"""What comes in over a connection to an SMSC: given on, and only then acknowledged.

Receipts are given on in batches; texts one by one, so that one that is not taken holds no other back. What is not taken
is refused for now, and comes again: a receipt from the SMSC, a text from our own file.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.gateways.smpp_link import NEVER, NOT_NOW, OK, Delivery, Link
from app.gateways.smpp_pieces import Pieces, Waiting
from app.gateways.smpp_reading import Piece, SmscReceipt, Unreadable, joined, read
from app.kernel.clock import Clock
from app.kernel.ids import random_id
from app.notices.ports import Arrivals, Inbound, Receipt

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
OVERDUE_SECONDS = 1.0  # between two looks for what was not told
ENQUIRE_SECONDS, ENQUIRED_SECONDS = 30.0, 10.0
MOST_AT_ONCE = 100


@dataclass
class Hearing:
    """`ref_of` makes the name of a text in a receipt the one that sending gave it."""

    take: Callable[[Arrivals], None]
    pieces: Pieces
    clock: Clock
    ref_of: Callable[[str], str]

    def hear(self, link: Link, stop: threading.Event) -> None:
        """Until told to stop. Raises NoAnswer or GatewayError when the connection ends."""
        name, heard_at, looked_at = random_id(), time.monotonic(), 0.0
        while not stop.is_set():
            came = link.deliveries(LOOK_SECONDS, MOST_AT_ONCE)
            now = time.monotonic()
            if came:
                heard_at = now
                self._hear(link, name, came)
            elif now > heard_at + ENQUIRE_SECONDS:
                link.request("enquire_link", now + ENQUIRED_SECONDS)
                heard_at = now
            if now > looked_at + OVERDUE_SECONDS:
                self.give_overdue()
                looked_at = now

    def give_overdue(self) -> None:
        """What is on the disk and was not told."""
        for waiting in self.pieces.overdue(self.clock.now()):
            self._give(waiting)

    def _hear(self, link: Link, name: str, came: Sequence[Delivery]) -> None:
        receipts: list[tuple[Delivery, SmscReceipt]] = []
        for delivery in came:
            try:
                said = read(delivery.pdu)
            except Unreadable:
                log.warning("the SMSC sent what can't be read")
                link.answer(delivery, NEVER)
                continue
            if isinstance(said, SmscReceipt):
                receipts.append((delivery, said))
            else:
                self._hear_piece(link, name, delivery, said)
        if receipts:
            self._hear_receipts(link, receipts)

    def _hear_receipts(self, link: Link, receipts: Sequence[tuple[Delivery, SmscReceipt]]) -> None:
        told = [
            Receipt(self.ref_of(said.message_id), None, said.status, self._instant(delivery), said.error)
            for delivery, said in receipts
        ]
        is_taken = self._is_taken(Arrivals(receipts=told))
        for delivery, _said in receipts:
            link.answer(delivery, OK if is_taken else NOT_NOW)

    def _hear_piece(self, link: Link, name: str, delivery: Delivery, piece: Piece) -> None:
        kept = self.pieces.keep(piece, name, self._instant(delivery))
        if waiting := self.pieces.of(kept):
            self._give(waiting)
        is_settled, at = self.pieces.is_settled(kept), self.clock.now()
        link.answer(delivery, OK if is_settled else NOT_NOW)
        self.pieces.answered(kept, at, is_refused=not is_settled)

    def _give(self, waiting: Waiting) -> None:
        text = joined(list(waiting.pieces))
        now = self.clock.now()
        if text is None:
            log.info("what came in is no text for people, and was passed over")
        elif not self._is_taken(Arrivals(texts=[Inbound(waiting.ref, waiting.sender, text, waiting.came_at)])):
            self.pieces.tried(waiting.text, now)
            return
        self.pieces.told(waiting.text, now)

    def _is_taken(self, arrivals: Arrivals) -> bool:
        try:
            self.take(arrivals)
        except Exception as error:
            log.warning("what came from the SMSC was not taken, and comes again: %s", type(error).__name__)
            return False
        return True

    def _instant(self, delivery: Delivery) -> datetime:
        """When it came, by our clock."""
        return self.clock.now() - timedelta(seconds=time.monotonic() - delivery.came_at)
