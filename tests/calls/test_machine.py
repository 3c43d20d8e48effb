"""Calls, seats and claims as a state machine on a real database: whatever people and time do, the invariants hold."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import life, queries, rules, timetable
from app.calls.models import Call, Claim
from app.calls.words import CallState, Origin
from app.families import service as families
from app.families.words import ConsentKind
from app.jobs.models import DueRow
from app.jobs.words import DueState
from tests.calls.machine import Evening


class Held(Evening):
    """The evening, with what holds after each step of it."""

    @invariant()
    def nothing_is_held_twice_and_nothing_leaks(self) -> None:
        with self.database.read() as session:
            held = {(c.resource, c.cell_at): c.call_id for c in session.scalars(select(Claim))}
            wanted: dict[tuple[str, datetime], str] = {}
            for call in session.scalars(select(Call).where(Call.state != CallState.ENDED)):
                persons = (call.parent_id, call.child_id)
                for claim in rules.claims_of(call.terminal_id, persons, call.starts_at, call.ends_at, 5):
                    assert claim not in wanted, "two calls want one cell"
                    wanted[claim] = call.id
        assert held == wanted

    @invariant()
    def each_call_is_whole_and_will_be_woken(self) -> None:
        with self.database.read() as session:
            rows = {row.key: row for row in session.scalars(select(DueRow).where(DueRow.kind == timetable.TICK))}
            for call in session.scalars(select(Call)):
                assert (call.outcome is None) == (call.state is not CallState.ENDED) == (call.ended_at is None)
                assert call.talking_since is None or call.state is CallState.LIVE
                if call.live_at and call.ended_at:
                    assert 0 <= call.talked_seconds <= (call.ended_at - call.live_at).total_seconds() + 1
                row = rows[f"{timetable.TICK}:{call.id}"]
                moment = life.next_moment(self.facts(session, call), self.scene.clock.now())
                if call.state is not CallState.ENDED:
                    assert row.state is DueState.WAITING
                    assert moment is None or row.due_at <= max(moment, self.scene.clock.now())

    def facts(self, session: Session, call: Call) -> life.CallFacts:
        pair, now = (call.child_id, call.parent_id), self.scene.clock.now()
        until = families.contact_until(session, ConsentKind.CALL, *pair, now)
        return replace(queries.facts(session, call), consent_until=until)

    @invariant()
    def an_offer_stands_alone_in_its_family(self) -> None:
        with self.database.read() as session:
            offers = session.scalars(
                select(Call).where(Call.origin == Origin.WAIT, Call.state == CallState.PROPOSED)
            ).all()
        assert len({call.family_id for call in offers}) == len(offers)
        assert all(call.expires_at and call.expires_at < call.starts_at for call in offers)

    @invariant()
    def what_has_to_be_confirmed_was_or_is_let_go(self) -> None:
        with self.database.read() as session:
            for call in session.scalars(
                select(Call).where(Call.state == CallState.BOOKED, Call.confirm_by.is_not(None))
            ):
                assert call.confirm_by is not None
                if call.confirm_by <= self.scene.clock.now() < life.opens_at(call.starts_at):
                    assert queries.facts(session, call).is_wanted

    @invariant()
    def nothing_goes_on_without_consent(self) -> None:
        with self.database.read() as session:
            for call in session.scalars(select(Call).where(Call.state != CallState.ENDED)):
                pair, now = (call.child_id, call.parent_id), self.scene.clock.now()
                families.may_contact(session, ConsentKind.CALL, *pair, now)

    @invariant()
    def nobody_rings_or_talks_past_the_time(self) -> None:
        with self.database.read() as session:
            for call in session.scalars(select(Call).where(Call.state.in_((CallState.RINGING, CallState.LIVE)))):
                assert call.ends_at > self.scene.clock.now()


@pytest.mark.timeout(300)
def test_an_evening_of_anything(sqlite_template: Path) -> None:
    Held.template = sqlite_template
    run_state_machine_as_test(
        Held, settings=settings(max_examples=15, stateful_step_count=30, deadline=None, derandomize=True)
    )
