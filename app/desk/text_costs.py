"""What texts cost before they are sent: whom they reach, how long they are, what is left of the month.

The figure is what it may cost at most: who reads a push in time gets no text. Numbers and segments are counted as
delivery counts them, with the signature or the name that the first gateway puts in front.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.families.models import Person
from app.notices import terms
from app.notices.models import StoppedNumber
from app.notices.ports import SmsGateway
from app.notices.segments import encoding_of, segments
from app.notices.templates import render


@dataclass(frozen=True)
class Telling:
    """One person and what they are told; `params` as they are kept."""

    person: Person
    template: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Estimate:
    """`longest` is the dearest of the texts, in `segments_each`, with all that stands in front.

    `cost` is in 1/10,000 of `currency`. `unreachable` have no number that takes texts and find it at the terminal.
    `left_this_month`: segments of the village's budget, None where it has none.
    """

    people: int
    longest: str
    segments_each: int
    segments: int
    cost: int
    currency: str
    unreachable: tuple[str, ...]
    left_this_month: int | None

    @property
    def encoding(self) -> str:
        return encoding_of(self.longest).value


def estimate(
    session: Session, village_id: str, gateway: SmsGateway, tellings: Sequence[Telling], now: datetime
) -> Estimate:  # fmt: skip
    reached = _with_number(session, [each.person for each in tellings])
    written = Counter(_text(gateway, each, now) for each in tellings if each.person.id in reached)
    lengths = {text: segments(text) for text in written}  # many read the same words
    total, decided = sum(lengths[text] * many for text, many in written.items()), terms.terms_of(session, village_id)
    spent = terms.spent_by_village(session, village_id, now)
    return Estimate(
        people=len(tellings), longest=max(lengths, key=lengths.__getitem__, default=""),
        segments_each=max(lengths.values(), default=0), segments=total, cost=total * decided.segment_price,
        currency=decided.currency,
        unreachable=tuple(sorted(each.person.name for each in tellings if each.person.id not in reached)),
        left_this_month=None if decided.village_segments is None else max(0, decided.village_segments - spent),
    )  # fmt: skip


def _with_number(session: Session, people: Iterable[Person]) -> set[str]:
    """The ids of those who have a confirmed number and have not asked for no more texts."""
    numbers = {person.id: person.phone for person in people if person.phone and person.phone_confirmed_at}
    stopped = set(session.scalars(select(StoppedNumber.number).where(StoppedNumber.number.in_(numbers.values()))))
    return {person_id for person_id, number in numbers.items() if number not in stopped}


def _text(gateway: SmsGateway, telling: Telling, now: datetime) -> str:
    reader = telling.person
    says = render(
        telling.template, telling.params, language=reader.language, zone=reader.zone, now=now, link="",
        can_reply=gateway.can_receive, names_sender=not gateway.signature,
    )  # fmt: skip
    return gateway.signature + says.text
