"""Answers to texts, as notices: exactly one to a text that gets any, known by the text's id.

An answer goes to the person for whom the number speaks, at whatever number they have confirmed by then. A number that
nobody confirmed is told by itself, in the language of its text, and nothing of a family.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from app.calls.models import Call
from app.calls.people import people
from app.families import queries as families
from app.kernel.numbers import E164
from app.notices import service as notices
from app.notices.templates import Param
from app.sms.conversation import About, Offered
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.villages import queries as villages

# Refusals that have a sentence of their own; the rest can't be done by text, and somebody calls back.
WHYS = frozenset({
    "no_consent", "consent_ended", "no_contact", "too_late", "own_proposal", "outside_hours", "too_late_to_propose",
    "slot_taken",
})  # fmt: skip


@dataclass(frozen=True)
class Reply:
    template: str
    params: Mapping[str, Param] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """What came of a text: what it was taken for, what is answered, and what is on offer from now on."""

    outcome: Outcome
    reply: Reply | None = None
    offered: Offered | None = None
    about: About | None = None


def plan(session: Session, text: TextIn, reply: Reply, person_id: str, now: datetime) -> None:
    notices.plan(
        session, person_id=person_id, template=reply.template, subject=f"text:{text.id}", params=reply.params,
        due_at=now, key=f"reply:{text.id}", now=now,
    )  # fmt: skip


def plan_to_stranger(session: Session, text: TextIn, reply: Reply, language: str, now: datetime) -> None:
    assert text.number is not None
    notices.plan(
        session, number=E164(text.number), language=language, template=reply.template, subject=f"text:{text.id}",
        params=reply.params, due_at=now, key=f"reply:{text.id}", now=now,
    )  # fmt: skip


def refused(code: str, about: About | None = None) -> Done:
    why = code if code in WHYS else "other"
    return Done(Outcome.REFUSED, Reply("sms_refused", {"why": why}), about=about)


def no_call(about: About | None = None) -> Done:
    return Done(Outcome.REFUSED, Reply("sms_no_call"), about=about)


def of_call(session: Session, template: str, call: Call, **params: Param) -> Reply:
    return Reply(template, people(session, call.id).params | params)


def of_pair(session: Session, template: str, about: About, starts_at: datetime, **params: Param) -> Reply:
    """The same about two who have no call."""
    village = villages.village(session, families.village_of(session, about.family_id))
    named: dict[str, Param] = {
        "parent": families.person(session, about.parent_id).name,
        "child": families.person(session, about.child_id).name,
        "place": village.name, "starts_at": starts_at,
    }  # fmt: skip
    return Reply(template, named | params)


def question(session: Session, abouts: Sequence[About]) -> Reply:
    """Which of these is meant: by who writes, where that is all that differs, by call, or by child."""
    speak = [families.person(session, about.person_id).name for about in abouts]
    matters = {(about.family_id, about.child_id, about.parent_id, about.call_id) for about in abouts}
    if len(matters) == 1 < len(abouts):
        return Reply("sms_which_person", {"choices": speak})
    calls = [session.get(Call, about.call_id) if about.call_id else None for about in abouts]
    named = [(_name(session, about), call) for about, call in zip(abouts, calls, strict=True)]
    if all(calls):
        return Reply("sms_which_call", {"choices": [(name, call.starts_at) for name, call in named if call]})
    return Reply("sms_which_child", {"choices": [name for name, _call in named]})


def _name(session: Session, about: About) -> str:
    return families.person(session, about.child_id).name
