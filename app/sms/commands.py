"""A text that came in: whose it is, what it means in its conversation, and what is done and answered.

What a text can bring about, also one with a forged sender: a call of that number's own people is confirmed, declined,
called off, moved or proposed, with the consents and hours that hold on the web; somebody is asked to call back; words
stand in the family's thread; texts to that number are stopped or begun. All of it is told to the number itself, so
whoever holds it learns of it. It changes no number, person, family, guardian or consent, nothing is told to any other
number, and whoever forged it reads no answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.families import queries as families
from app.families.models import Person
from app.kernel.events import TextReceived
from app.sms import acts, calling_back, memory, passing_on, replies, rules, speakers, strangers, subscribing, told
from app.sms.conversation import (
    ABOUT_A_CALL,
    About,
    Answer,
    Ask,
    Choices,
    Do,
    Focus,
    Meaning,
    NoneSuits,
    Offered,
    Pick,
    Plain,
    Repeat,
    State,
    Times,
    asking,
    distinct,
    meaning,
)
from app.sms.lexicon import words
from app.sms.models import Conversation, TextIn
from app.sms.replies import Done, Reply
from app.sms.rules import Kind, Said
from app.sms.words import Command, Outcome
from app.villages import queries as villages

MOST_AN_HOUR = 20
IN_TURN = timedelta(minutes=2)
PLAINLY = {
    Plain.EXPIRED: Done(Outcome.REFUSED, Reply("sms_expired")),
    Plain.NOT_UNDERSTOOD: Done(Outcome.HELPED, Reply("sms_not_understood")),
}
# What leaves a conversation where it stood.
BESIDE = frozenset({Outcome.HELPED, Outcome.WHO, Outcome.MESSAGE, Outcome.STARTED, Outcome.STOPPED, Outcome.IGNORED})

CoordinatorOf = Callable[[Session, str], str | None]


def follow(session: Session, event: TextReceived, now: datetime, coordinator_of: CoordinatorOf) -> None:
    """Answer a text, after those of the same number that came just before and wait still."""
    text = session.get_one(TextIn, event.text_id)
    if text.number is None:
        text.outcome = text.outcome or Outcome.IGNORED  # a short code or a name: nobody is meant by it
        return
    conversation = memory.hold(session, text.number, now)
    for each in _in_turn(session, text):
        _answer(session, conversation, each, coordinator_of, now)
        session.flush()


def _in_turn(session: Session, text: TextIn) -> Sequence[TextIn]:
    """This text and those before it, as they came. One that can't be answered holds up the others for a while only."""
    before = or_(TextIn.at < text.at, and_(TextIn.at == text.at, TextIn.id <= text.id))
    waiting = select(TextIn).where(
        TextIn.number == text.number, TextIn.outcome.is_(None), before,
        or_(TextIn.id == text.id, TextIn.at > text.at - IN_TURN),
    )  # fmt: skip
    in_order = waiting.order_by(TextIn.at, TextIn.id).execution_options(populate_existing=True)
    return session.scalars(in_order).all()


def _answer(
    session: Session, conversation: Conversation, text: TextIn, coordinator_of: CoordinatorOf, now: datetime
) -> None:  # fmt: skip
    said, people = rules.read(text.text, words()), speakers.of_number(session, str(text.number))
    if not people:
        strangers.answer(session, conversation, text, said, now, is_quiet=_is_flood(session, text))
        return
    talk = _Talk(session, conversation, text, people, coordinator_of, now, is_flood=_is_flood(session, text))
    if talk.is_flood and said.kind is not Kind.MESSAGE and not _is_stop(said):
        text.outcome = Outcome.IGNORED
        return
    meant = meaning(said, talk.state())
    talk.settle(talk.done(meant), is_message=meant is Plain.MESSAGE)


def _is_flood(session: Session, text: TextIn) -> bool:
    """Whether so many texts came from this number lately that no more are answered."""
    lately = select(func.count()).where(
        TextIn.number == text.number, TextIn.at > text.at - timedelta(hours=1), TextIn.at <= text.at
    )
    return (session.scalar(lately) or 0) > MOST_AN_HOUR


def _is_stop(said: Said) -> bool:
    return said.command is Command.STOP or (said.digit is not None and rules.DIGITS.get(said.digit) is Command.STOP)


@dataclass(frozen=True)
class _Talk:
    """One text of persons who are known, and the conversation that it is part of."""

    session: Session
    conversation: Conversation
    text: TextIn
    people: list[Person]
    coordinator_of: CoordinatorOf
    now: datetime
    is_flood: bool

    @property
    def speaking(self) -> list[Person]:
        """Who was said to be writing, or else everybody for whom the number speaks."""
        is_over = memory.is_over(self.conversation, self.text)
        named = [one for one in self.people if one.id == self.conversation.person_id and not is_over]
        return named or self.people

    def state(self) -> State:
        return State(
            self._offered(), memory.is_over(self.conversation, self.text),
            memory.is_unseen(self.conversation, self.text),
            told.since(self.session, self.speaking, self.conversation.heard_at, self.text.at),
        )  # fmt: skip

    def _offered(self) -> Offered | None:
        """What was offered last, as far as it has not come to nothing since."""
        offered = memory.offered(self.conversation, {person.id for person in self.people})
        if not isinstance(offered, Times | Focus):
            return offered
        about = speakers.current(self.session, offered.about)
        return replace(offered, about=about) if about is not None else None

    def done(self, meant: Meaning) -> Done:
        match meant:
            case Pick(offer, place):
                return acts.choose(self.session, offer.about, offer.times[place - 1], self.now)
            case Answer(question, about):
                return self._answered(question, about)
            case Ask():
                return self._asked(meant)
            case Repeat(offered):
                return self._repeated(offered)
            case NoneSuits(about):
                return acts.none_suits(self.session, about, self.now)
            case Do(command, abouts):
                return self._followed(command, abouts)
        return self._passed_on() if meant is Plain.MESSAGE else PLAINLY[meant]

    def settle(self, done: Done, *, is_message: bool) -> None:
        """Write down what the text was taken for, answer it, and remember what is on offer."""
        text, about = self.text, done.about
        text.outcome = done.outcome
        if about is not None:
            text.person_id, text.call_id = about.person_id, about.call_id
        elif len(self.people) == 1:
            text.person_id = self.people[0].id
        if done.outcome not in BESIDE and (done.offered is not None or not is_message):
            self.conversation.heard_at = text.at
            memory.keep(self.conversation, done.offered, self.now)
        if done.reply is not None and not (self.is_flood and done.outcome is not Outcome.STOPPED):
            to = text.person_id or self.speaking[0].id
            replies.plan(self.session, text, done.reply, to, self.now)

    def _answered(self, question: Choices, about: About) -> Done:
        """Go on with what was asked about; whoever said who they are is that for the rest of the conversation."""
        if len({choice.person_id for choice in question.choices}) > 1:
            self.conversation.person_id = about.person_id
        if question.text_ids:
            done = passing_on.settle(self.session, about, question.text_ids, self.now)
            return replace(done, outcome=Outcome.CHOSEN) if done.outcome is Outcome.MESSAGE else done
        return acts.follow(self.session, question.commands[question.choices.index(about)], about, self.now)

    def _asked(self, ask: Ask) -> Done:
        offered = Choices(ask.abouts, ask.commands)
        return Done(Outcome.ASKED, replies.question(self.session, ask.abouts), offered)

    def _repeated(self, offered: Times | Choices) -> Done:
        if isinstance(offered, Times):
            return acts.repeat(self.session, offered, self.now)
        return Done(Outcome.ASKED, replies.question(self.session, offered.choices), offered)

    def _passed_on(self) -> Done:
        offered = self._offered()
        waiting = offered.text_ids if isinstance(offered, Choices) else ()
        return passing_on.pass_on(self.session, self.text, self.speaking, waiting, self.now)

    def _followed(self, command: Command, abouts: tuple[About, ...]) -> Done:
        if command in ABOUT_A_CALL:
            return self._about_a_call(command, abouts)
        if command is Command.CALL_BACK:
            asked = abouts or distinct(speakers.pairs(self.session, self.speaking))
            return calling_back.ask(self.session, asked, self.now)
        if command is Command.WHO:
            return self._who(abouts)
        if command is Command.STOP:
            return subscribing.stop(self.session, str(self.text.number), self.now)
        if command is Command.START:
            return subscribing.start(self.session, str(self.text.number))
        return Done(Outcome.HELPED, Reply("sms_help"))

    def _about_a_call(self, command: Command, abouts: tuple[About, ...]) -> Done:
        if not abouts:
            abouts = distinct(speakers.open_calls(self.session, self.speaking))
            if len(abouts) > 1:
                return self._asked(asking(command, abouts))
        if not abouts:
            return self._of_a_new_call() if command is Command.TIMES else replies.no_call()
        done = [acts.follow(self.session, command, about, self.now) for about in abouts]
        return next((each for each in done if each.outcome is not Outcome.REFUSED), done[0])

    def _of_a_new_call(self) -> Done:
        """Offer times for a call where there is none."""
        pairs = distinct(speakers.pairs(self.session, self.speaking))
        if not pairs:
            return replies.no_call()
        allowed = [pair for pair in pairs if acts.objection(self.session, pair, self.now) is None]
        if len(allowed) > 1:
            return self._asked(asking(Command.TIMES, allowed))
        return acts.follow(self.session, Command.TIMES, (allowed or pairs)[0], self.now)

    def _who(self, abouts: tuple[About, ...]) -> Done:
        """Say who writes to them, and who in their village can be asked."""
        first = speakers.in_families(self.session, self.speaking)[0][1]
        family_id = abouts[0].family_id if abouts else first.id
        village = villages.village(self.session, families.village_of(self.session, family_id))
        name = self.coordinator_of(self.session, village.id) or village.name
        return Done(Outcome.WHO, Reply("sms_who", {"place": village.name, "name": name}))
