"""What a text means, as tables: command by command, against what was offered, told and spoken of. No database."""

from datetime import UTC, datetime, timedelta

import pytest

from app.calls.words import CallState, Outcome, Side
from app.sms.conversation import (
    ABOUT_A_CALL,
    ACTS,
    About,
    Act,
    Answer,
    Ask,
    Choices,
    Do,
    Focus,
    Meaning,
    NoneSuits,
    Pick,
    Plain,
    Repeat,
    Situation,
    State,
    Times,
    Told,
    meaning,
    situation,
)
from app.sms.rules import MESSAGE, UNCLEAR, Kind, Said
from app.sms.words import Command

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
A = About("mum", Side.PARENT, "family", "bao", "mum", "call a")
B = About("mum", Side.PARENT, "family", "bao", "mum", "call b")
GRANNYS_A = About("granny", Side.VILLAGE, "family", "bao", "mum", "call a")
GRANDPAS_A = About("grandpa", Side.VILLAGE, "family", "bao", "mum", "call a")
THREE = Times(A, (NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)))
ONE = Times(A, (NOW,))
WHICH = Choices((A, B), (Command.CANCEL, Command.CANCEL))
WHO = Choices((A, GRANNYS_A), text_ids=("text",))
TOLD_A, TOLD_B = Told("n1", A), Told("n2", B)
BOTH_IN_ONE = (Told("n3", A), Told("n3", B))
MISSED = Told("n4", A, THREE.times)
CONFIRM, TIMES, CANCEL = Command.CONFIRM, Command.TIMES, Command.CANCEL


def digit(value: int) -> Said:
    return Said(Kind.DIGIT, digit=value)


def word(command: Command) -> Said:
    return Said(Kind.WORD, command=command)


TABLE: dict[str, tuple[Said, State, Meaning]] = {
    # a digit alone
    "1, nothing told": (digit(1), State(), Do(CONFIRM)),
    "1, told of one call": (digit(1), State(told=[TOLD_A]), Do(CONFIRM, (A,))),
    "2, told of it twice": (digit(2), State(told=[TOLD_A, Told("n9", A)]), Do(TIMES, (A,))),
    "3, told of two": (digit(3), State(told=[TOLD_A, TOLD_B]), Ask((A, B), (CANCEL, CANCEL))),
    "1, told of two in one text": (digit(1), State(told=BOTH_IN_ONE), Do(CONFIRM, (A, B))),
    "3, told of two in one text": (digit(3), State(told=BOTH_IN_ONE), Ask((A, B), (CANCEL, CANCEL))),
    "7": (digit(7), State(told=[TOLD_A]), Plain.NOT_UNDERSTOOD),
    "two who share a phone and a side are one voice": (
        digit(1), State(told=[Told("n1", GRANNYS_A), Told("n2", GRANDPAS_A)]), Do(CONFIRM, (GRANNYS_A,)),
    ),
    "two who share a phone on two sides are asked": (
        digit(1), State(told=[TOLD_A, Told("n2", GRANNYS_A)]), Ask((A, GRANNYS_A), (CONFIRM, CONFIRM)),
    ),
    # what was spoken of last
    "3 after a confirmation": (digit(3), State(Focus(A)), Do(CANCEL, (A,))),
    "3 long after it": (digit(3), State(Focus(A), is_over=True), Do(CANCEL)),
    "1 after a yes, and another was told of": (
        digit(1), State(Focus(A, is_agreed=True), told=[TOLD_B]), Do(CONFIRM, (B,)),
    ),
    "1 after a no, and another was told of": (
        digit(1), State(Focus(A), told=[TOLD_B]), Ask((B, A), (CONFIRM, CONFIRM)),
    ),
    "3 after another was told of": (digit(3), State(Focus(A), told=[TOLD_B]), Ask((B, A), (CANCEL, CANCEL))),
    # times on offer
    "1 of three times": (digit(1), State(THREE), Pick(THREE, 1)),
    "3 of three times": (digit(3), State(THREE), Pick(THREE, 3)),
    "2 of one time": (digit(2), State(ONE), Repeat(ONE)),
    "3 of one time is no": (digit(3), State(ONE), NoneSuits(A)),
    "yes to one time": (word(CONFIRM), State(ONE), Pick(ONE, 1)),
    "yes to three times": (word(CONFIRM), State(THREE), Repeat(THREE)),
    "no to three times": (word(CANCEL), State(THREE), NoneSuits(A)),
    "other times, in words": (word(TIMES), State(THREE), Do(TIMES, (A,))),
    "4 of three times": (digit(4), State(THREE), Do(Command.CALL_BACK, (A,))),
    "0 of three times": (digit(0), State(THREE), Do(Command.HELP, (A,))),
    "9 of three times": (digit(9), State(THREE), Do(Command.STOP, (A,))),
    "2 when the times are over": (digit(2), State(THREE, is_over=True), Plain.EXPIRED),
    "2 when they are over and a call was told of": (
        digit(2), State(THREE, is_over=True, told=[TOLD_B]), Do(TIMES, (B,)),
    ),
    "a word when they are over": (word(TIMES), State(THREE, is_over=True), Do(TIMES)),
    "2 that was sent before the times were": (digit(2), State(THREE, is_unseen=True), Repeat(THREE)),
    "2 after a reminder of the same call": (digit(2), State(THREE, told=[TOLD_A]), Repeat(THREE)),
    "2 after a reminder of another": (digit(2), State(THREE, told=[TOLD_B]), Ask((A, B), (TIMES, TIMES))),
    "1 after a reminder of another": (digit(1), State(THREE, told=[TOLD_B]), Ask((A, B), (TIMES, CONFIRM))),
    "times in a notice": (digit(2), State(told=[MISSED]), Pick(Times(A, THREE.times), 2)),
    "times in a notice, and another call": (
        digit(1), State(told=[MISSED, TOLD_B]), Ask((A, B), (TIMES, CONFIRM)),
    ),
    # a question
    "2 of two calls": (digit(2), State(WHICH), Answer(WHICH, B)),
    "1 of two who may write": (digit(1), State(WHO), Answer(WHO, A)),
    "3 of two calls": (digit(3), State(WHICH), Repeat(WHICH)),
    "a word instead": (word(CANCEL), State(WHICH), Repeat(WHICH)),
    "2 when the question is over": (digit(2), State(WHICH, is_over=True), Plain.NOT_UNDERSTOOD),
    "2 that was sent before the question": (digit(2), State(WHICH, is_unseen=True), Repeat(WHICH)),
    "help instead": (digit(0), State(WHICH), Do(Command.HELP)),
    # words and the rest
    "stop": (word(Command.STOP), State(), Do(Command.STOP)),
    "a message": (MESSAGE, State(THREE), Plain.MESSAGE),
    "nothing that can be read": (UNCLEAR, State(told=[TOLD_A]), Plain.NOT_UNDERSTOOD),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_meaning(name: str) -> None:
    said, state, meant = TABLE[name]
    assert meaning(said, state) == meant


def test_what_is_repeated_once_is_taken_the_second_time() -> None:
    again = Times(A, THREE.times, is_repeated=True)
    assert meaning(digit(2), State(again, is_unseen=True)) == Pick(again, 2)


def test_no_more_is_asked_than_digits_can_say() -> None:
    many = [Told(f"n{n}", About("mum", Side.PARENT, "family", "bao", "mum", f"call {n}")) for n in range(9)]
    asked = meaning(digit(3), State(told=many))
    assert isinstance(asked, Ask)
    assert len(asked.abouts) == len(asked.commands) == 5


STANDS = {
    "the other side's proposal": (CallState.PROPOSED, None, Side.VILLAGE, False, Situation.ASKED),
    "a free slot that is offered": (CallState.PROPOSED, None, None, False, Situation.ASKED),
    "one's own proposal": (CallState.PROPOSED, None, Side.PARENT, False, Situation.PROPOSED),
    "booked": (CallState.BOOKED, None, Side.VILLAGE, False, Situation.BOOKED),
    "ringing": (CallState.RINGING, None, None, False, Situation.RINGING),
    "live": (CallState.LIVE, None, None, False, Situation.LIVE),
    "called off by oneself": (CallState.ENDED, Outcome.CANCELLED, None, True, Situation.DECLINED),
    "called off by the others": (CallState.ENDED, Outcome.CANCELLED, None, False, Situation.OVER),
    "missed": (CallState.ENDED, Outcome.MISSED, None, True, Situation.OVER),
    "held": (CallState.ENDED, Outcome.HELD, None, False, Situation.OVER),
}


@pytest.mark.parametrize("name", STANDS)
def test_how_a_call_stands(name: str) -> None:
    state, outcome, proposed_by, has_declined, expected = STANDS[name]
    ahead = NOW + timedelta(hours=1)
    found = situation(
        state, outcome, proposed_by, Side.PARENT, has_declined=has_declined, starts_at=ahead, now=NOW
    )  # fmt: skip
    assert found is expected


def test_what_one_called_off_is_not_to_be_had_back_when_its_time_is_past() -> None:
    found = situation(
        CallState.ENDED, Outcome.CANCELLED, None, Side.PARENT, has_declined=True, starts_at=NOW, now=NOW
    )  # fmt: skip
    assert found is Situation.OVER


def test_every_command_has_its_act_in_every_situation() -> None:
    assert {stands: set(acts) for stands, acts in ACTS.items()} == dict.fromkeys(Situation, ABOUT_A_CALL)
    assert {act for acts in ACTS.values() for act in acts.values()} == set(Act)


@pytest.mark.parametrize(
    ("stands", "command", "act"),
    [
        (Situation.ASKED, CONFIRM, Act.CONFIRM), (Situation.ASKED, CANCEL, Act.DECLINE),
        (Situation.PROPOSED, CONFIRM, Act.WAIT), (Situation.BOOKED, CANCEL, Act.CANCEL),
        (Situation.RINGING, CANCEL, Act.CANCEL), (Situation.LIVE, CANCEL, Act.SAY_IT_HAS_BEGUN),
        (Situation.DECLINED, CONFIRM, Act.TAKE_BACK), (Situation.OVER, CONFIRM, Act.OFFER),
        (Situation.NONE, TIMES, Act.OFFER), (Situation.NONE, CONFIRM, Act.SAY_THERE_IS_NONE),
    ],
)  # fmt: skip
def test_acts(stands: Situation, command: Command, act: Act) -> None:
    assert ACTS[stands][command] is act
