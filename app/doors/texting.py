"""Codes on their way to a number: how many are texted, and to whom a code that was asked for at the door goes.

Whether anybody has a number is looked up by the worker. The asking browser can't tell by the time that its answer took.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from app.doors import people, rules
from app.doors.models import SignInCode
from app.jobs import service as jobs
from app.jobs.service import Leased
from app.kernel.errors import Kept
from app.kernel.numbers import E164
from app.notices import service as notices
from app.notices.templates import SEALED_FOR
from app.web import limits
from app.web.api import Ask
from app.web.sealing import Sealer

KIND = "doors.text_code"
SEALED_NUMBER = "sign-in number"


def count_text(ask: Ask, sealer: Sealer, to: E164) -> None:
    """Count a text that a desk sends. Raises Kept(TooOften), for the count stays."""
    by_number = [(limit, sealer.hashed("number", to)) for limit in rules.TEXTS_TO_A_NUMBER]
    for one in (*by_number, (rules.TEXTS_BY_A_DESK, ask.who.subject_id)):
        if refusal := limits.one_more(ask.session, [one], ask.now):
            raise Kept(refusal)


def put(session: Session, sealer: Sealer, asked: SignInCode, code: str, now: datetime) -> None:
    """Have a code texted by the worker, if somebody has its number."""
    jobs.put(session, KIND, now, now, payload={"asked": asked.id, "code": sealer.seal(SEALED_FOR, code)})


def texter(sealer: Sealer) -> Callable[[Session, Leased, datetime], None]:
    """Make the step for rows of `KIND`."""

    def text(session: Session, row: Leased, now: datetime) -> None:
        asked = session.get(SignInCode, row.payload["asked"])
        if asked is None:
            return
        to = E164(sealer.unseal(SEALED_NUMBER, asked.number))
        for person in people.with_number(session, to)[:1]:
            notices.plan(
                session, person_id=person.id, template="sign_in_code", subject=f"code:{asked.id}",
                params={"code": row.payload["code"]}, due_at=asked.asked_at, key=f"sign_in_code:{asked.id}", now=now,
                number=to,
            )  # fmt: skip

    return text
