"""The tables of the notices' rules."""

from datetime import datetime, timedelta

import pytest

from app.kernel.local_time import instant_of
from app.notices import rules
from app.notices.templates import PARAMS
from tests.notices.stage import NOW


def test_every_template_has_a_policy_and_no_policy_is_without_template() -> None:
    assert rules.POLICIES.keys() == PARAMS.keys()


@pytest.mark.parametrize(
    ("template", "late", "useful"),
    [
        ("reminder_day", timedelta(hours=3), True),
        ("reminder_day", timedelta(hours=3, seconds=1), False),
        ("reminder_hour", timedelta(minutes=30), True),
        ("reminder_hour", timedelta(minutes=31), False),
        ("reminder_ten", timedelta(minutes=9), False),
        ("ring_parent", timedelta(minutes=5), True),
        ("ring_village", timedelta(minutes=6), False),
        ("missed_parent", timedelta(hours=11), True),
        ("cancelled", timedelta(hours=-24), True),
    ],
)
def test_a_notice_is_of_use_for_a_while(template: str, late: timedelta, useful: bool) -> None:
    assert rules.is_useful(template, NOW, NOW + late) is useful


@pytest.mark.parametrize("template", ["reminder_day", "reminder_hour", "reminder_ten"])
def test_a_reminder_is_of_no_use_once_its_call_starts(template: str) -> None:
    before = {
        "reminder_day": timedelta(days=1),
        "reminder_hour": timedelta(hours=1),
        "reminder_ten": timedelta(minutes=10),
    }
    assert rules.POLICIES[template].useful_for < before[template]


@pytest.mark.parametrize(
    ("zone", "wall", "awake"),
    [
        ("Asia/Shanghai", "2026-11-23T21:29", "2026-11-23T21:29"),
        ("Asia/Shanghai", "2026-11-23T21:30", "2026-11-24T07:00"),
        ("Asia/Shanghai", "2026-11-24T00:00", "2026-11-24T07:00"),
        ("Asia/Shanghai", "2026-11-24T06:59", "2026-11-24T07:00"),
        ("Asia/Shanghai", "2026-11-24T07:00", "2026-11-24T07:00"),
        ("Asia/Dubai", "2026-12-31T23:00", "2027-01-01T07:00"),
        ("Europe/Lisbon", "2026-10-24T22:00", "2026-10-25T07:00"),  # the clocks are set back in that night
    ],
)
def test_what_is_gentle_waits_for_the_readers_morning(zone: str, wall: str, awake: str) -> None:
    assert rules.awake_at(instant(wall, zone), zone) == instant(awake, zone)


@pytest.mark.parametrize(
    ("confirm_by", "now", "chased"),
    [
        ("2026-11-24T13:00", "2026-11-23T18:00", "2026-11-24T10:00"),
        ("2026-11-24T09:00", "2026-11-23T18:00", "2026-11-23T21:29"),  # not at six in the morning
        ("2026-11-24T00:45", "2026-11-23T18:00", "2026-11-23T21:29"),
        ("2026-11-24T13:00", "2026-11-24T11:00", "2026-11-24T11:00"),  # booked late: at once
        ("2026-11-24T09:00", "2026-11-23T23:00", "2026-11-24T07:00"),
        ("2026-11-24T06:30", "2026-11-24T01:00", "2026-11-24T01:00"),  # the morning comes too late
    ],
)
def test_who_has_to_confirm_is_chased_in_time_and_by_day(confirm_by: str, now: str, chased: str) -> None:
    zone = "Asia/Shanghai"
    assert rules.chase_at(instant(confirm_by, zone), zone, instant(now, zone)) == instant(chased, zone)


def instant(wall: str, zone: str) -> datetime:
    return instant_of(datetime.fromisoformat(wall), zone)


@pytest.mark.parametrize(("seconds", "in_flight"), [(0, True), (24, True), (25, False), (400, False)])
def test_an_attempt_is_over_before_a_lease_is(seconds: int, in_flight: bool) -> None:
    assert rules.is_in_flight(NOW, NOW + timedelta(seconds=seconds)) is in_flight


@pytest.mark.parametrize(
    ("template", "doubts", "late", "minutes"),
    [
        ("booked", 1, 0, 10),
        ("booked", 2, 0, None),
        ("booked", 1, 715, None),  # its moment would have passed by then
        ("reminder_hour", 1, 20, 10),
        ("reminder_hour", 1, 21, None),
        ("reminder_ten", 1, 0, None),
        ("ring_parent", 1, 0, None),
        ("ring_village", 1, 0, None),
        ("unanswered_caregiver", 1, 0, None),
    ],
)
def test_a_doubtful_send_is_repeated_once_or_never(template: str, doubts: int, late: int, minutes: int | None) -> None:
    attempted_at = NOW + timedelta(minutes=late)
    expected = None if minutes is None else attempted_at + timedelta(minutes=minutes)
    assert rules.repeat_at(template, NOW, attempted_at, doubts) == expected


@pytest.mark.parametrize(("doubts", "seconds"), [(1, 25), (3, 25), (4, 300), (50, 300)])
def test_a_vendor_that_never_answers_is_asked_less_often(doubts: int, seconds: int) -> None:
    assert rules.pause_after_doubt(doubts) == timedelta(seconds=seconds)
