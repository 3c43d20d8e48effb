"""The text of a notice for its reader, as it leaves by one gateway. Codes are opened here, and nowhere else."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.families import queries as families
from app.notices.models import Notice
from app.notices.ports import SmsGateway
from app.notices.templates import SEALED, SEALED_FOR, Rendered, render
from app.villages import queries as villages
from app.web import texts
from app.web.sealing import Sealer


@dataclass(frozen=True)
class Wording:
    """`link` is the one address that texts may name."""

    link: str
    sealer: Sealer

    def of(self, session: Session, notice: Notice, gateway: SmsGateway, now: datetime) -> Rendered:
        language, zone, is_their_own = _reader(session, notice)
        return render(
            notice.template, self._opened(notice), language=language, zone=zone, now=now, link=self.link,
            can_reply=gateway.can_receive and is_their_own, names_sender=not gateway.signature,
        )  # fmt: skip

    def _opened(self, notice: Notice) -> dict[str, Any]:
        """The parameters as the text needs them; a code is in no table as it is read."""
        if SEALED not in notice.params:
            return notice.params
        return notice.params | {SEALED: self.sealer.unseal(SEALED_FOR, notice.params[SEALED])}


def _reader(session: Session, notice: Notice) -> tuple[str, str, bool]:
    """Language and zone of whoever reads it, and whether it comes to a number that speaks for them."""
    if notice.person_id is not None:
        person = families.person(session, notice.person_id)
        is_their_own = notice.number is None or (
            notice.number == person.phone and person.phone_confirmed_at is not None
        )
        return notice.language or person.language, person.zone, is_their_own
    zone = villages.village(session, notice.village_id).zone if notice.village_id else "UTC"
    return notice.language or texts.FALLBACK, zone, False
