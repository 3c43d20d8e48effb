"""The scene with people who write texts: what comes in is kept and followed, and what is planned for them is seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from app import flows
from app.calls import timetable
from app.calls.models import Call
from app.calls.people import people
from app.families import service as families
from app.families.models import Consent, Person
from app.families.words import ConsentKind
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.kernel.events import EVENT_KINDS
from app.notices import service as notices
from app.notices.models import Attempt, Delivery, Notice
from app.notices.ports import Arrivals, Inbound
from app.notices.templates import Param
from app.notices.words import AttemptState, Channel, DeliveryState, NoticeState
from app.sms import inbox
from app.sms.models import Conversation, TextIn
from app.sms.words import Outcome
from app.storage.database import Database, new_id
from tests.scene import Household, Scene, set_scene

ALICE, GRANNY, BOB = "+8613800000011", "+8613800000012", "+8613800000021"


@dataclass
class Stage:
    scene: Scene
    refs: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def alice(self) -> Household:
        return self.scene.alice

    @property
    def database(self) -> Database:
        return self.scene.database

    @property
    def now(self) -> datetime:
        return self.scene.clock.now()

    def receive(self, number: str, text: str, *, ref: str | None = None, sent_at: datetime | None = None) -> str:
        """A text comes in and waits; the vendor's name for it."""
        ref = ref or f"in {next(self.refs)}"
        arrivals = Arrivals(texts=[Inbound(ref, number, text, sent_at or self.now)])
        inbox.take(self.database, self.scene.clock, "simulated", arrivals)
        return ref

    def receive_together(self, *texts: tuple[str, str]) -> list[str]:
        """Several (number, text) come in by one call of the vendor; the vendor's names for them."""
        refs = [f"in {next(self.refs)}" for _text in texts]
        inbounds = [Inbound(ref, number, text, self.now) for ref, (number, text) in zip(refs, texts, strict=True)]
        inbox.take(self.database, self.scene.clock, "simulated", Arrivals(texts=inbounds))
        return refs

    def write(self, number: str, text: str, *, sent_at: datetime | None = None) -> "Answered":
        """A text comes in a minute later and is followed, with all that follows; what came of it."""
        self.scene.clock.step(minutes=1)
        ref = self.receive(number, text, sent_at=sent_at)
        self.settle()
        return self.answered(ref)

    def settle(self) -> None:
        steps = {f"event:{kind}": flows.follow for kind in EVENT_KINDS}
        ticks = {timetable.TICK: lambda s, row, now: timetable.wake(s, row.payload["call_id"], row.due_at, now)}
        worker = Worker(self.database, self.scene.clock, Handlers(steps={**steps, **ticks}, errands={}))
        while worker.run_due(Lane.STEP):
            pass

    def answered(self, ref: str) -> "Answered":
        with self.database.read() as session:
            text = session.scalars(select(TextIn).where(TextIn.ref == ref)).one()
            answers = session.scalars(select(Notice).where(Notice.key == f"reply:{text.id}")).all()
            return Answered(text, answers[0] if answers else None)

    def conversation(self, number: str) -> Conversation:
        with self.database.read() as session:
            return session.get_one(Conversation, number)

    def call(self, call_id: str) -> Call:
        return self.scene.call(call_id)

    def calls(self, whose: Household) -> list[Call]:
        """All calls of a family, as they were made."""
        with self.database.read() as session:
            theirs = select(Call).where(Call.family_id == whose.family).order_by(Call.made_at, Call.id)
            return list(session.scalars(theirs))

    def told(self, person_id: str) -> list[str]:
        """The templates that are planned for or were told to a person, answers to texts left out."""
        with self.database.read() as session:
            theirs = select(Notice).where(Notice.person_id == person_id, Notice.state != NoticeState.CANCELLED)
            found = session.scalars(theirs.order_by(Notice.planned_at, Notice.id))
            return [notice.template for notice in found if not notice.key.startswith("reply:")]

    def texted(
        self, person_id: str, template: str, subject: str, params: Mapping[str, Param], channel: Channel = Channel.TEXT
    ) -> str:  # fmt: skip
        """A notice goes out as a text a minute later; its id."""
        now = self.scene.clock.step(minutes=1)
        with self.database.begin() as session:
            notice_id = notices.plan(
                session, person_id=person_id, template=template, subject=subject, params=params, due_at=now,
                key=f"{template}:{subject}:{person_id}:{now}", now=now,
            )  # fmt: skip
            session.get_one(Notice, notice_id).state = NoticeState.OUT
            delivery = Delivery(
                id=new_id(session), notice_id=notice_id, number=1, channel=channel, state=DeliveryState.SENT
            )  # fmt: skip
            session.add(delivery)
            session.flush()
            session.add(
                Attempt(
                    id=new_id(session), delivery_id=delivery.id, number=1, gateway="simulated", key=delivery.id,
                    state=AttemptState.SENT, began_at=now,
                )
            )  # fmt: skip
        return notice_id

    def reminded(self, person_id: str, call_id: str, template: str = "reminder_day", **params: Param) -> str:
        with self.database.read() as session:
            known = people(session, call_id).params
        return self.texted(person_id, template, f"call:{call_id}", known | params)

    def allow_messages(self, whose: Household) -> Consent:
        with self.database.begin() as session:
            return families.give_consent(
                session, child_id=whose.child, contact_id=whose.parent, kind=ConsentKind.MESSAGE,
                given_by=whose.parent, evidence="paper", from_at=self.now, now=self.now,
            )  # fmt: skip

    def share(self, person_id: str, number: str) -> None:
        """Let somebody have this number too."""
        with self.database.begin() as session:
            session.get_one(Person, person_id).phone = number


@dataclass(frozen=True)
class Answered:
    text: TextIn
    notice: Notice | None

    @property
    def outcome(self) -> Outcome | None:
        return self.text.outcome

    @property
    def template(self) -> str | None:
        return self.notice.template if self.notice else None

    @property
    def reply(self) -> Notice:
        assert self.notice is not None, "it was not answered"
        return self.notice

    @property
    def params(self) -> dict[str, Any]:
        return self.reply.params

    @property
    def offers(self) -> list[datetime]:
        return [datetime.fromisoformat(at) for at in self.params["offers_at"]]


def set_stage(database: Database) -> Stage:
    return Stage(set_scene(database))
