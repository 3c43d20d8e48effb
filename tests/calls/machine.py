"""What people, devices, the desk and time may do in an evening, as the rules of a state machine on a real database."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import bootstrap
from app.bootstrap import Services, vault
from app.calls import agreement, booking, rules, seats, series
from app.calls.models import Call, CallEvent, Series
from app.calls.seats import Device, Figures
from app.calls.series import Change, SeriesWish
from app.calls.words import WRONG_PERSON, CallState, Origin, Side
from app.config import load
from app.desk import waiting
from app.desk.models import Coordinator
from app.families import queries as family_queries
from app.families import service as families
from app.families.models import NoContact
from app.families.words import ConsentKind
from app.gateways.direct_only import DirectOnly
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.words import Lane
from app.jobs.worker import Worker
from app.kernel.errors import HomethreadError
from app.kernel.local_time import day_of, wall_of
from app.roster import waits
from app.storage.database import Database
from app.web import sessions
from app.web.models import PrincipalKind
from tests.scene import SEALER, ZONE, Household, Scene, at, set_scene

SLOTS = [at(hour, minute) for hour in (18, 19) for minute in (15, 30, 45)]
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
WHO = st.sampled_from(["alice", "bob"])
SIDES = st.sampled_from([Side.PARENT, Side.VILLAGE])


class Evening(RuleBasedStateMachine):
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY))
        shutil.copyfile(self.template, self.folder / "calls.db")
        self.database = Database(f"sqlite:///{self.folder / 'calls.db'}")
        self.scene: Scene = set_scene(self.database)
        phones = SimulatedPhones(self.folder / "phones.db", self.scene.clock)
        config = load({"HOMETHREAD_DATA_DIR": str(self.folder)})
        services = Services(
            config, self.database, self.scene.clock, (phones,), None, phones, DirectOnly(), SEALER, vault(config)
        )
        self.worker = Worker(self.database, self.scene.clock, bootstrap.handlers(services))
        alice, now = self.scene.alice, self.scene.clock.now()
        with self.database.begin() as session:
            device, _ = sessions.open_session(
                session, PrincipalKind.TERMINAL, alice.terminal, alice.village, "en", now, opened_by="link"
            )
            self.terminal_device = device.id
            session.add(Coordinator(id="lee", village_id=alice.village, name="Lee", language="en"))

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    def household(self, name: str) -> Household:
        return {"alice": self.scene.alice, "bob": self.scene.bob}[name]

    def attempt(self, act: Callable[[Session], Any]) -> None:
        """One transaction; a refusal is a normal answer and must leave no trace."""
        try:
            with self.database.begin() as session:
                act(session)
        except HomethreadError:
            return

    def calls(self) -> list[Call]:
        with self.database.read() as session:
            return list(session.scalars(select(Call).order_by(Call.made_at, Call.id)))

    def some_call(self, name: str, index: int) -> Call | None:
        own = [call for call in self.calls() if call.family_id == self.household(name).family]
        return own[-1 - index % len(own)] if own else None

    @rule(name=WHO, slot=st.sampled_from(SLOTS), minutes=st.sampled_from([15, 30]), asks=st.booleans())
    def book(self, name: str, slot: datetime, minutes: int, asks: bool) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        actor = whom.terminal_acts if asks else whom.parent_acts
        self.attempt(lambda s: booking.book(s, whom.wish(slot, minutes=minutes, is_proposal=asks), actor, now))

    @rule(name=WHO, slot=st.sampled_from(SLOTS), minutes=st.sampled_from([1, 20, 60]))
    def roster(self, name: str, slot: datetime, minutes: int) -> None:
        """A call that has to be confirmed so many minutes before its start."""
        whom, now, confirm_by = self.household(name), self.scene.clock.now(), slot - timedelta(minutes=minutes)
        asked = replace(whom.wish(slot), origin=Origin.ROSTER, confirm_by=confirm_by if confirm_by > now else None)
        self.attempt(lambda s: booking.book(s, asked, waiting.NOBODY, now))

    @rule(name=WHO, rule_=st.sampled_from(["FREQ=DAILY;COUNT=3", "FREQ=DAILY;COUNT=2;INTERVAL=2"]),
          slot=st.sampled_from(SLOTS))  # fmt: skip
    def begin_series(self, name: str, rule_: str, slot: datetime) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        wall = wall_of(slot, ZONE)
        asked = SeriesWish(
            whom.family, whom.child, whom.parent, wall.date(), wall.hour * 60 + wall.minute, rule_
        )  # fmt: skip
        self.attempt(lambda s: series.book_series(s, asked, whom.parent_acts, now))

    @rule(name=WHO, what=st.sampled_from(["later", "from_tomorrow", "extend", "end"]))
    def change_series(self, name: str, what: str) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        with self.database.read() as session:
            theirs = select(Series.id).where(Series.family_id == whom.family, Series.ended_at.is_(None))
            series_id = session.scalar(theirs.order_by(Series.made_at.desc(), Series.id).limit(1))
        if series_id is None:
            return
        tomorrow = day_of(now, ZONE) + timedelta(days=1)
        acts: dict[str, Callable[[Session], Any]] = {
            "later": lambda s: series.change_series(s, series_id, Change(starts_minute=20 * 60), whom.parent_acts, now),
            "from_tomorrow": lambda s: series.change_series(
                s, series_id, Change(from_on=tomorrow, minutes=30), whom.parent_acts, now
            ),
            "extend": lambda s: series.extend(s, series_id, now),
            "end": lambda s: series.end_series(s, series_id, None, "other", whom.parent_acts, now),
        }
        self.attempt(acts[what])

    @rule(name=WHO)
    def wish_for_a_slot(self, name: str) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        self.attempt(
            lambda s: waits.ask(
                s, village_id=whom.village, family_id=whom.family, child_id=whom.child, parent_id=whom.parent,
                by=f"person:{whom.parent}", now=now,
            )
        )  # fmt: skip

    @rule()
    def what_got_free_is_offered(self) -> None:
        self.settle()

    @rule(name=WHO, index=st.integers(0, 3),
          what=st.sampled_from(["confirm", "decline", "cancel", "move", "counter"]), side=SIDES,
          slot=st.sampled_from(SLOTS))  # fmt: skip
    def change(self, name: str, index: int, what: str, side: Side, slot: datetime) -> None:
        call, whom, now = self.some_call(name, index), self.household(name), self.scene.clock.now()
        if call is None:
            return
        actor = whom.parent_acts if side is Side.PARENT else whom.terminal_acts
        acts: dict[str, Callable[[Session], Any]] = {
            "confirm": lambda s: booking.confirm(s, call.id, actor, now),
            "decline": lambda s: booking.decline(s, call.id, actor, now),
            "cancel": lambda s: booking.cancel(s, call.id, actor, "sick", None, now),
            "move": lambda s: booking.move(s, call.id, slot, actor, now),
            "counter": lambda s: agreement.counter(s, call.id, slot, actor, now),
        }
        self.attempt(acts[what])

    @rule(name=WHO, index=st.integers(0, 1), side=SIDES, here=st.booleans(), page=st.sampled_from(["one", "two"]))
    def take_seat(self, name: str, index: int, side: Side, here: bool, page: str) -> None:
        call, whom = self.some_call(name, index), self.household(name)
        who = whom.as_parent if side is Side.PARENT else whom.as_terminal
        device = Device(f"{side}-{page}", page, here)
        if call is not None:
            self.attempt(lambda s: seats.take(s, call.id, who, device, self.scene.clock.now()))

    @rule(name=WHO, index=st.integers(0, 1), side=SIDES, page=st.sampled_from(["one", "two"]),
          what=st.sampled_from(["hear", "hang_up", "gone", "beat"]))  # fmt: skip
    def device_does(self, name: str, index: int, side: Side, page: str, what: str) -> None:
        call, sid, now = self.some_call(name, index), f"{side}-{page}", self.scene.clock.now()
        if call is None:
            return
        acts: dict[str, Callable[[Session], Any]] = {
            "hear": lambda s: seats.report(s, call.id, sid, Figures(received_audio_bytes=900), now),
            "hang_up": lambda s: seats.leave(s, call.id, sid, seats.FAREWELL, now),
            "gone": lambda s: seats.disconnected(s, sid, now),
            "beat": lambda s: seats.renew(s, sid, now),
        }
        self.attempt(acts[what])

    @rule(name=WHO)
    def they_talk(self, name: str) -> None:
        """Both ends of the newest call come and hear each other, if the call is open."""
        for side in Side:
            self.take_seat(name, 0, side, True, "one")
        for side in Side:
            self.device_does(name, 0, side, "one", "hear")

    @rule(name=WHO, whose=st.sampled_from(["parent", "terminal", "desk"]), present=st.sampled_from([True, True, False]))
    def call_now(self, name: str, whose: str, present: bool) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        by = {"parent": whom.parent_acts, "terminal": whom.terminal_acts, "desk": whom.desk_acts}[whose]
        if present:
            with self.database.begin() as session:
                sessions.beat(session, self.terminal_device, "idle", True, now)
        self.attempt(lambda s: booking.book_now(s, whom.wish(now), None, by, now))
        self.they_talk(name)

    @rule(name=WHO, somebody_answers=st.booleans())
    def it_is_the_wrong_person(self, name: str, somebody_answers: bool) -> None:
        call, whom, now = self.some_call(name, 0), self.household(name), self.scene.clock.now()
        if call is None:
            return
        if somebody_answers:
            self.they_talk(name)
        before = self.rung_again(call.id)
        self.attempt(lambda s: seats.wrong_person(s, call.id, whom.as_parent, now))
        said = self.rung_again(call.id) - before
        assert before + said <= rules.MOST_RUNG_AGAIN
        if said:
            after = self.scene.call(call.id)
            assert (after.state, after.rung_again_at, after.ends_at) == (CallState.RINGING, now, call.ends_at)

    def rung_again(self, call_id: str) -> int:
        with self.database.read() as session:
            said = select(func.count()).where(CallEvent.call_id == call_id, CallEvent.kind == WRONG_PERSON)
            return session.scalar(said) or 0

    @rule(name=WHO, how=st.sampled_from(["revoke", "ban"]))
    def consent_ends(self, name: str, how: str) -> None:
        """The worker follows at once; whoever is sorry later gives a new consent or lifts the ban."""
        whom, now = self.household(name), self.scene.clock.now()
        if how == "ban":
            ban = {"child_id": whom.child, "contact_id": whom.parent, "reason": "court"}
            self.attempt(lambda s: families.set_no_contact(s, **ban, now=now))
        else:
            with self.database.read() as session:
                given = [c.id for c in family_queries.consents_of_child(session, whom.child) if c.revoked_at is None]
            for consent_id in given:
                self.attempt(partial(families.revoke_consent, consent_id=consent_id, now=now))
        self.settle()

    @rule(name=WHO, minutes=st.sampled_from([None, 1, 20, 60]))
    def consent_is_given(self, name: str, minutes: int | None) -> None:
        whom, now = self.household(name), self.scene.clock.now()
        until = now + timedelta(minutes=minutes) if minutes else None
        with self.database.begin() as session:
            for ban in session.scalars(select(NoContact).where(NoContact.child_id == whom.child)):
                if ban.lifted_at is None:
                    families.lift_no_contact(session, ban.id, now)
            families.give_consent(
                session, child_id=whom.child, contact_id=whom.parent, kind=ConsentKind.CALL, given_by=whom.parent,
                evidence="paper", from_at=now, until_at=until, now=now,
            )  # fmt: skip

    @rule(seconds=st.sampled_from([1, 15, 45, 130, 300, 900, 3600]))
    def time_passes(self, seconds: int) -> None:
        self.scene.clock.step(seconds=seconds)
        self.settle()

    def settle(self) -> None:
        while self.worker.run_due(Lane.STEP):
            pass
