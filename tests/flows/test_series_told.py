"""A day of a series without a slot is told once, a week ahead, with other times; the others of the series are not."""

from datetime import date, timedelta

import pytest

from app.calls import booking, series
from app.calls.models import Series
from app.calls.series import Change, SeriesWish
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.kernel.numbers import E164
from tests.flows.conftest import Evening
from tests.scene import at

GAP = at(19, day=25) + timedelta(days=14)


def weekly_with_a_gap(evening: Evening) -> tuple[str, str]:
    """Wednesdays at seven, of which the third is taken: the series, and the call that is in its way."""
    scene, alice = evening.scene, evening.scene.alice
    taken = scene.book(scene.bob, GAP)
    wish = SeriesWish(alice.family, alice.child, alice.parent, date(2026, 11, 25), 19 * 60, "FREQ=WEEKLY;COUNT=5")
    with scene.database.begin() as session:
        series_id = series.book_series(session, wish, alice.parent_acts, scene.clock.now()).id
    evening.settle()
    return series_id, taken


def told(evening: Evening, person_id: str) -> list[str]:
    return [name for name in evening.templates(person_id) if name.startswith(("series", "booked"))]


def test_a_gap_is_told_a_week_before(evening: Evening) -> None:
    alice = evening.scene.alice
    weekly_with_a_gap(evening)
    assert (told(evening, alice.parent), told(evening, alice.caregiver)) == ([], ["series_booked"])
    evening.until(GAP - timedelta(days=7, minutes=1))
    assert told(evening, alice.parent) == []
    evening.until(GAP - timedelta(days=7))
    assert (told(evening, alice.parent), told(evening, alice.caregiver)) == (
        ["series_gap"], ["series_booked", "series_gap"],
    )  # fmt: skip
    text = evening.phones.texts(E164("+8613800000011"))[-1].text
    assert "19:30" in text, "the next free time"
    evening.until(GAP + timedelta(days=1))
    assert told(evening, alice.parent) == ["series_gap"]


def test_a_gap_goes_with_the_series_that_follows(evening: Evening) -> None:
    scene, alice = evening.scene, evening.scene.alice
    series_id, _taken = weekly_with_a_gap(evening)
    change = Change(from_on=date(2026, 12, 2), minutes=10)
    with scene.database.begin() as session:
        following = series.change_series(session, series_id, change, alice.parent_acts, scene.clock.now())
        assert (following.follows_id, list(following.gaps)) == (series_id, ["2026-12-09"])
    evening.until(GAP - timedelta(days=1))
    assert told(evening, alice.parent) == ["series_gap"]


def test_the_other_times_suit_both(evening: Evening) -> None:
    """The parent works on that day and the next: what is taken is not what hinders."""
    alice, now = evening.scene.alice, evening.scene.clock.now()
    with evening.scene.database.begin() as session:
        for day in (date(2026, 12, 9), date(2026, 12, 10)):
            away = Said(PatternKind.AWAY, Occupation.OTHER, {}, from_day=day, until_day=day)
            schedule.add(session, alice.parent, away, f"person:{alice.parent}", now)
    weekly_with_a_gap(evening)
    evening.until(GAP - timedelta(days=7))
    text = evening.phones.texts(E164("+8613800000011"))[-1].text
    assert "No slot" in text
    assert "Fri" in text or "11 Dec" in text
    assert not any(day in text.partition("Other times")[2] for day in ("9 Dec", "10 Dec"))


@pytest.mark.parametrize("how", ["filled", "ended"])
def test_what_has_closed_by_then_is_not_told(evening: Evening, how: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    series_id, taken = weekly_with_a_gap(evening)
    with scene.database.begin() as session:
        if how == "filled":
            booking.cancel(session, taken, scene.bob.parent_acts, "sick", None, scene.clock.now())
            series.extend(session, series_id, scene.clock.now())
            assert session.get_one(Series, series_id).gaps == {}
        else:
            series.end_series(session, series_id, None, "other", alice.parent_acts, scene.clock.now())
    evening.until(GAP - timedelta(days=6))
    assert "series_gap" not in told(evening, alice.caregiver)
