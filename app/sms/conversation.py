"""What a text means in its conversation: what was offered to its number, what else it was told, what can be done. Pure.

A digit chooses from the list that was offered last. Where none is, it is a command about the one call that the number
was told of since it last wrote. Of several it is asked which is meant, and after two hours, or when a list may not have
been seen yet, nothing is guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from app.calls.words import CallState, Outcome, Side
from app.sms.rules import DIGITS, Kind, Said
from app.sms.words import Command

LIVES = timedelta(hours=2)
IN_MIND = timedelta(days=2)  # so long a notice can be answered
MOST_CHOICES = 5
ABOUT_A_CALL = frozenset({Command.CONFIRM, Command.TIMES, Command.CANCEL})


@dataclass(frozen=True)
class About:
    """Who speaks, on which side, and of which child and parent; of which call of theirs, if of one."""

    person_id: str
    side: Side
    family_id: str
    child_id: str
    parent_id: str
    call_id: str | None = None

    @property
    def matter(self) -> tuple[str, ...]:
        """The same for all that come to the same: two who share a phone and a side are one voice."""
        return (self.side, self.call_id) if self.call_id else (self.side, self.family_id, self.child_id, self.parent_id)


@dataclass(frozen=True)
class Times:
    """Times on offer for a call or a pair, chosen by their digits. `is_repeated`: they were sent twice already."""

    about: About
    times: tuple[datetime, ...]
    is_repeated: bool = False


@dataclass(frozen=True)
class Choices:
    """Whom or what a command, or a message (`text_ids`), was about: asked with digits, each with what it comes to."""

    choices: tuple[About, ...]
    commands: tuple[Command, ...] = ()
    text_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Focus:
    """The call that was spoken of last. `is_agreed`: there is nothing left to say yes to."""

    about: About
    is_agreed: bool = False


Offered = Times | Choices | Focus


@dataclass(frozen=True)
class Told:
    """What a number was told that can be answered. With `times` it offered these."""

    notice_id: str
    about: About
    times: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class State:
    """What stands when a text comes. `offered` is over if `is_over`; `is_unseen`: it was sent after this text was."""

    offered: Offered | None = None
    is_over: bool = False
    is_unseen: bool = False
    told: Sequence[Told] = ()


@dataclass(frozen=True)
class Do:
    """Follow a command about these; about none: about whatever call there is."""

    command: Command
    abouts: tuple[About, ...] = ()


@dataclass(frozen=True)
class Pick:
    """The time of this place is chosen, counted from 1."""

    offer: Times
    place: int


@dataclass(frozen=True)
class Answer:
    """A question is answered: this one was meant."""

    question: Choices
    about: About


@dataclass(frozen=True)
class Ask:
    """Ask which of these is meant, each with what it comes to then."""

    abouts: tuple[About, ...]
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Repeat:
    """Send the same list once more, since the digit can't be for it."""

    offered: Times | Choices


@dataclass(frozen=True)
class NoneSuits:
    """None of the times is wanted."""

    about: About


class Plain(StrEnum):
    MESSAGE = "message"
    EXPIRED = "expired"
    NOT_UNDERSTOOD = "not_understood"


Meaning = Do | Pick | Answer | Ask | Repeat | NoneSuits | Plain


def meaning(said: Said, state: State) -> Meaning:
    if said.kind is Kind.MESSAGE:
        return Plain.MESSAGE
    offered = None if state.is_over else state.offered
    if said.digit is not None and isinstance(offered, Choices) and 1 <= said.digit <= len(offered.choices):
        return Repeat(offered) if state.is_unseen else Answer(offered, offered.choices[said.digit - 1])
    command = DIGITS.get(said.digit) if said.digit is not None else said.command
    if command is None:
        return Plain.NOT_UNDERSTOOD
    if command not in ABOUT_A_CALL:
        return Do(command, (offered.about,) if isinstance(offered, Times | Focus) else ())
    if isinstance(offered, Choices) and not state.told:
        return Repeat(offered)
    offers = _offers(offered, state.told)
    others = distinct(told.about for told in state.told if not told.times)
    if offers:
        return _of_offers(said, command, offers, others, is_unseen=state.is_unseen and isinstance(offered, Times))
    return _of_calls(command, state, offered, others, is_digit=said.digit is not None)


def _of_offers(
    said: Said, command: Command, offers: list[Times], others: tuple[About, ...], *, is_unseen: bool
) -> Meaning:  # fmt: skip
    """What is meant where times are on offer: one of them, or something else that was told as well."""
    first = offers[0]
    elsewhere = [about for about in others if about.matter != first.about.matter]
    if len(offers) > 1 or elsewhere:
        return asking(command, elsewhere, [offer.about for offer in offers])
    if (is_unseen or others) and not first.is_repeated:
        return Repeat(first)
    if said.digit is not None and said.digit <= len(first.times):
        return Pick(first, said.digit)
    if command is Command.CANCEL:
        return NoneSuits(first.about)
    if command is Command.TIMES and said.digit is None:
        return Do(command, (first.about,))
    return Pick(first, 1) if len(first.times) == 1 and said.digit is None else Repeat(first)


def _of_calls(
    command: Command, state: State, offered: Offered | None, others: tuple[About, ...], *, is_digit: bool
) -> Meaning:  # fmt: skip
    """What is meant where no times are on offer: the one call that was told of, or spoken of last."""
    told_in = {told.notice_id for told in state.told}
    told_together = others if command is Command.CONFIRM and len(told_in) == 1 else ()  # all that one text named
    if isinstance(offered, Focus) and not (others and offered.is_agreed and command is Command.CONFIRM):
        others = distinct([*others, offered.about])
    if others and others == told_together:
        return Do(command, others)
    if len(others) > 1:
        return asking(command, others)
    if not others and is_digit and state.is_over and isinstance(state.offered, Times | Choices):
        return Plain.EXPIRED if isinstance(state.offered, Times) else Plain.NOT_UNDERSTOOD
    return Do(command, others)


def _offers(offered: Offered | None, told: Sequence[Told]) -> list[Times]:
    """Each matter's times that were offered last; what was told is newer than what stood in the conversation."""
    found: dict[tuple[str, ...], Times] = {}
    if isinstance(offered, Times):
        found[offered.about.matter] = offered
    for each in told:
        if each.times:
            found[each.about.matter] = Times(each.about, each.times)
    return list(found.values())


def asking(command: Command, abouts: Sequence[About], with_times: Sequence[About] = ()) -> Ask:
    """Ask which is meant; where times were on offer, new ones are offered then, whatever the digit would have been."""
    commands = {**dict.fromkeys(with_times, Command.TIMES), **dict.fromkeys(abouts, command)}
    asked = distinct(commands)[:MOST_CHOICES]
    return Ask(asked, tuple(commands[about] for about in asked))


def distinct(abouts: Iterable[About]) -> tuple[About, ...]:
    found: dict[tuple[str, ...], About] = {}
    for about in abouts:
        found.setdefault(about.matter, about)
    return tuple(found.values())


class Situation(StrEnum):
    """How a call stands for whoever writes about it."""

    ASKED = "asked"
    PROPOSED = "proposed"
    BOOKED = "booked"
    RINGING = "ringing"
    LIVE = "live"
    DECLINED = "declined"
    OVER = "over"
    NONE = "none"


class Act(StrEnum):
    CONFIRM = "confirm"
    OFFER = "offer"
    DECLINE = "decline"
    CANCEL = "cancel"
    TAKE_BACK = "take_back"
    WAIT = "wait"
    SAY_IT_IS_OFF = "say_it_is_off"
    SAY_COME = "say_come"
    SAY_IT_HAS_BEGUN = "say_it_has_begun"
    SAY_THERE_IS_NONE = "say_there_is_none"


ACTS: dict[Situation, dict[Command, Act]] = {
    Situation.ASKED: {Command.CONFIRM: Act.CONFIRM, Command.TIMES: Act.OFFER, Command.CANCEL: Act.DECLINE},
    Situation.PROPOSED: {Command.CONFIRM: Act.WAIT, Command.TIMES: Act.OFFER, Command.CANCEL: Act.CANCEL},
    Situation.BOOKED: {Command.CONFIRM: Act.CONFIRM, Command.TIMES: Act.OFFER, Command.CANCEL: Act.CANCEL},
    Situation.RINGING: {
        Command.CONFIRM: Act.SAY_COME, Command.TIMES: Act.SAY_IT_HAS_BEGUN, Command.CANCEL: Act.CANCEL,
    },
    Situation.LIVE: dict.fromkeys(ABOUT_A_CALL, Act.SAY_IT_HAS_BEGUN),
    Situation.DECLINED: {
        Command.CONFIRM: Act.TAKE_BACK, Command.TIMES: Act.OFFER, Command.CANCEL: Act.SAY_IT_IS_OFF,
    },
    Situation.OVER: {
        Command.CONFIRM: Act.OFFER, Command.TIMES: Act.OFFER, Command.CANCEL: Act.SAY_THERE_IS_NONE,
    },
    Situation.NONE: {
        Command.CONFIRM: Act.SAY_THERE_IS_NONE, Command.TIMES: Act.OFFER, Command.CANCEL: Act.SAY_THERE_IS_NONE,
    },
}  # fmt: skip


def situation(
    state: CallState, outcome: Outcome | None, proposed_by: Side | None, side: Side, *, has_declined: bool,
    starts_at: datetime, now: datetime,
) -> Situation:  # fmt: skip
    """`has_declined`: whoever writes called it off themselves, so that they may have it back."""
    if state is CallState.PROPOSED:
        return Situation.PROPOSED if proposed_by is side else Situation.ASKED
    if state is CallState.ENDED:
        is_takeable = outcome is Outcome.CANCELLED and has_declined and starts_at > now
        return Situation.DECLINED if is_takeable else Situation.OVER
    return {
        CallState.BOOKED: Situation.BOOKED, CallState.RINGING: Situation.RINGING, CallState.LIVE: Situation.LIVE,
    }[state]  # fmt: skip


def repeated(offered: Times | Choices) -> Times | Choices:
    return replace(offered, is_repeated=True) if isinstance(offered, Times) else offered
