"""Stories of a series, with the worker and the phones: what is told once, and what follows by itself."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls import booking, series
from app.calls.models import Call, Series
from app.calls.series import Change, SeriesWish
from app.calls.words import CallState, Outcome
from app.families import queries as families
from app.families import service as consent
from app.families.words import MemberRole
from app.jobs import service as jobs
from app.kernel import events
from tests.flows.conftest import Evening

SUNDAY = date(2026, 11, 29)
START = datetime.fromisoformat("2026-11-29T20:00:00+08:00")
TOLD_OF_EACH = {"booked", "moved", "cancelled"}


def book(evening: Evening) -> str:
    alice, now = evening.scene.alice, evening.scene.clock.now()
    wish = SeriesWish(alice.family, alice.child, alice.parent, SUNDAY, 1200, "FREQ=WEEKLY")
    with evening.scene.database.begin() as session:
        series_id = series.book_series(session, wish, alice.parent_acts, now).id
    evening.settle()
    return series_id


def told(evening: Evening) -> list[str]:
    """What the caregiver's phone was told, but for reminders."""
    evening.settle()
    return [each for each in evening.templates(evening.scene.alice.caregiver) if not each.startswith("reminder")]


def waiting(evening: Evening, series_id: str) -> list[Call]:
    with evening.scene.database.read() as session:
        theirs = select(Call).where(Call.series_id == series_id, Call.state != CallState.ENDED)
        return list(session.scalars(theirs.order_by(Call.starts_at)))


def test_each_change_is_told_once(evening: Evening) -> None:
    series_id, by = book(evening), evening.scene.alice.parent_acts
    assert told(evening) == ["series_booked"]
    evening.until(evening.scene.clock.now() + timedelta(hours=15))
    with evening.scene.database.begin() as session:
        series.change_series(session, series_id, Change(starts_minute=1140), by, evening.scene.clock.now())
    assert told(evening) == ["series_booked", "series_changed"]
    evening.until(evening.scene.clock.now() + timedelta(hours=1))
    with evening.scene.database.begin() as session:
        series.end_series(session, series_id, None, "sick", by, evening.scene.clock.now())
    assert told(evening) == ["series_booked", "series_changed", "series_ended"]


def test_the_worker_extends_it_day_by_day(evening: Evening) -> None:
    series_id = book(evening)
    evening.until(START + timedelta(days=15))
    calls = waiting(evening, series_id)
    assert [call.occurs_on for call in calls] == [SUNDAY + timedelta(weeks=number) for number in range(3, 11)]
    with evening.scene.database.read() as session:
        past = session.scalars(select(Call.outcome).where(Call.series_id == series_id, Call.ended_at.is_not(None)))
        assert set(past) <= {Outcome.MISSED, Outcome.CANCELLED}, "nobody came"
    assert "series_changed" not in told(evening)


@pytest.mark.parametrize("how", ["revoke", "ban", "leave"])
def test_it_ends_with_the_consent_or_with_the_member(evening: Evening, how: str) -> None:
    series_id, alice = book(evening), evening.scene.alice
    evening.until(evening.scene.clock.now() + timedelta(hours=15))
    now = evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        if how == "revoke":
            consent.revoke_consent(session, families.consents_of_child(session, alice.child)[0].id, now)
        elif how == "ban":
            consent.set_no_contact(
                session, child_id=alice.child, contact_id=alice.parent, reason="court", now=now
            )  # fmt: skip
        else:
            consent.end_membership(
                session, family_id=alice.family, person_id=alice.parent, role=MemberRole.PARENT, now=now
            )
    assert told(evening) == ["series_booked", "series_ended"]
    assert not waiting(evening, series_id)
    with evening.scene.database.read() as session:
        kept = session.get_one(Series, series_id)
        assert kept.reason == ("member_left" if how == "leave" else "consent_ended")
        ended = session.scalars(select(Call.reason).where(Call.series_id == series_id)).all()
    assert set(ended) == {"series_ended"}
    evening.until(now + timedelta(days=10))
    assert not waiting(evening, series_id)


def test_who_waits_for_a_call_that_is_open_is_told_why(evening: Evening) -> None:
    series_id, alice = book(evening), evening.scene.alice
    evening.until(START - timedelta(minutes=5))
    now = evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        consent.revoke_consent(session, families.consents_of_child(session, alice.child)[0].id, now)
    evening.settle()
    with evening.scene.database.read() as session:
        ended = select(Call.reason).where(Call.series_id == series_id).order_by(Call.starts_at)
        first, *others = session.scalars(ended).all()
    assert (first, set(others)) == ("consent_ended", {"series_ended"})


def test_a_consent_that_does_not_matter_ends_nothing(evening: Evening) -> None:
    """The parent's word for messages is withdrawn, or for one more contact."""
    series_id, alice, now = book(evening), evening.scene.alice, evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        for contact_id in (alice.parent, alice.caregiver):
            jobs.emit(session, events.ConsentRevoked(now, "another", alice.child, contact_id), now)
        jobs.emit(session, events.MemberLeft(now, alice.family, alice.caregiver), now)
    evening.settle()
    assert len(waiting(evening, series_id)) == 8


def test_a_gap_is_told_a_week_before_with_other_times(evening: Evening) -> None:
    theirs = evening.scene.book(evening.scene.bob, START + timedelta(weeks=3))
    series_id = book(evening)
    assert told(evening) == ["series_booked"]
    evening.until(START + timedelta(weeks=2, hours=1))
    assert told(evening).count("series_gap") == 1
    with evening.scene.database.begin() as session:
        booking.cancel(
            session, theirs, evening.scene.bob.parent_acts, "sick", None, evening.scene.clock.now()
        )  # fmt: skip
    evening.until(START + timedelta(weeks=2, days=2))
    assert SUNDAY + timedelta(weeks=3) in {call.occurs_on for call in waiting(evening, series_id)}
    assert not TOLD_OF_EACH & set(told(evening))
