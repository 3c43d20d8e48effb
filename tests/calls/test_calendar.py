"""Calls as iCalendar, read back by a parser: the same instants, whatever people and villages are called."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar, Event

from app.calls.calendar import Entry, Status, render, status_of
from app.calls.words import CallState, Outcome

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LINK = "https://calls.example.org/phone"
CALL = Entry("aaaaaaaaaaaaaaaa", NOW, NOW + timedelta(minutes=15), Status.CONFIRMED, 0, NOW, ["Xiaolong"], "Redstone")
MOST_OCTETS = 75

# All that a name may hold: anything but control characters and halves of surrogate pairs.
names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=80)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda instant: instant.replace(microsecond=0)
)
entries = st.builds(
    lambda minutes, **facts: Entry(ends_at=facts["starts_at"] + timedelta(minutes=minutes), **facts),
    st.integers(1, 120),
    root_id=st.text("abcdefghijklmnopqrstuvwxyz234567", min_size=16, max_size=16),
    starts_at=instants,
    status=st.sampled_from(Status),
    moves=st.integers(0, 1000),
    changed_at=instants,
    names=st.lists(names, min_size=1, max_size=2),
    place=names,
)


def parsed(*calls: Entry, language: str = "en") -> list[Event]:
    return Calendar.from_ical(render(calls, language, LINK)).events


@given(st.lists(entries, max_size=5), st.sampled_from(["en", "zh-CN"]))
def test_what_is_read_back_is_what_was_written(calls: list[Entry], language: str) -> None:
    found = parsed(*calls, language=language)
    assert [(event.DTSTART, event.DTEND, event.LAST_MODIFIED, event.DTSTAMP) for event in found] == [
        (call.starts_at, call.ends_at, call.changed_at, call.changed_at) for call in calls
    ]
    assert [(event["uid"], event.sequence, event["status"], event["location"]) for event in found] == [
        (f"{call.root_id}@homethread", call.sequence, call.status.value, call.place) for call in calls
    ]
    for event, call in zip(found, calls, strict=True):
        assert all(name in str(event["summary"]) for name in call.names)


@given(st.lists(entries, max_size=3), st.sampled_from(["en", "zh-CN"]))
def test_lines_end_and_fold_as_the_standard_wants(calls: list[Entry], language: str) -> None:
    written = render(calls, language, LINK)
    *lines, rest = written.split(b"\r\n")
    assert rest == b""
    for line in lines:
        assert len(line) <= MOST_OCTETS
        assert b"\n" not in line
        assert b"\r" not in line
        line.decode()  # no character is cut in two


def test_a_long_chinese_place_is_folded_and_read_whole() -> None:
    place = "红石村村委会二楼东边第三间屋子的亲情视频通话室，请从后门上楼；雨天路滑，慢慢走" * 2
    written = render([replace(CALL, place=place)], "zh-CN", LINK)
    start = written.index(b"LOCATION:")
    assert b"\r\n " in written[start : start + MOST_OCTETS + 4]
    assert parsed(replace(CALL, place=place))[0]["location"] == place


@pytest.mark.parametrize(
    "place", ["a, b; c", "back\\slash", "\\n is no new line", 'says "here"', "a:b=c", "line\u2028two"]
)
def test_what_means_something_to_the_format_stays_what_it_is(place: str) -> None:
    (event,) = parsed(replace(CALL, place=place, names=[place]))
    assert (event["location"], event["summary"]) == (place, f"Call with {place}")


@pytest.mark.parametrize(
    ("status", "names", "english", "chinese"),
    [
        (Status.CONFIRMED, ["小龙"], "Call with 小龙", "和小龙通话"),
        (Status.CONFIRMED, ["小龙", "秀英"], "Call: 小龙 and 秀英", "小龙和秀英通话"),
        (Status.TENTATIVE, ["小龙"], "Call with 小龙 (not settled yet)", "和小龙通话（待定）"),
        (Status.CANCELLED, ["小龙"], "Cancelled: Call with 小龙", "已取消：和小龙通话"),
        (Status.CONFIRMED, ["{said}"], "Call with {said}", "和{said}通话"),
    ],
)
def test_a_summary_says_all_in_the_readers_language(
    status: Status, names: Sequence[str], english: str, chinese: str
) -> None:
    call = replace(CALL, status=status, names=names)
    for language, summary in (("en", english), ("zh-CN", chinese)):
        assert parsed(call, language=language)[0]["summary"] == summary


def test_a_call_rings_an_hour_and_ten_minutes_before_and_leads_to_its_page() -> None:
    (event,) = parsed(CALL)
    assert [alarm.trigger for alarm in sorted(event.alarms.times, key=lambda time: time.trigger)] == [
        NOW - timedelta(hours=1), NOW - timedelta(minutes=10),
    ]  # fmt: skip
    assert (event["url"], event["description"]) == (LINK, f"Join here: {LINK}")


def test_a_cancelled_call_rings_no_more_and_leads_nowhere() -> None:
    (event,) = parsed(replace(CALL, status=Status.CANCELLED, moves=2))
    assert (event.sequence, event["status"]) == (3, "CANCELLED")
    assert not event.subcomponents
    assert not {"url", "description"} & {name.lower() for name in event}


def test_a_calendar_says_how_often_it_wants_to_be_read() -> None:
    calendar = Calendar.from_ical(render([], "zh-CN", LINK))
    assert calendar.refresh_interval == timedelta(hours=1)
    assert calendar["x-published-ttl"] == "PT1H"
    assert (calendar["version"], calendar["prodid"]) == ("2.0", "-//Homethread//Calls//EN")
    assert calendar.calendar_name == "亲情通话"


def test_the_same_calls_are_the_same_bytes() -> None:
    assert render([CALL], "en", LINK) == render([CALL], "en", LINK) != render([CALL], "zh-CN", LINK)


@pytest.mark.parametrize(
    ("state", "outcome", "waits", "status"),
    [
        (CallState.PROPOSED, None, False, Status.TENTATIVE),
        (CallState.BOOKED, None, True, Status.TENTATIVE),
        (CallState.BOOKED, None, False, Status.CONFIRMED),
        (CallState.RINGING, None, True, Status.CONFIRMED),
        (CallState.LIVE, None, False, Status.CONFIRMED),
        (CallState.ENDED, Outcome.HELD, False, Status.CONFIRMED),
        (CallState.ENDED, Outcome.MISSED, True, Status.CONFIRMED),
        (CallState.ENDED, Outcome.CANCELLED, True, Status.CANCELLED),
    ],
)
def test_how_sure_a_call_is(state: CallState, outcome: Outcome | None, waits: bool, status: Status) -> None:
    assert status_of(state, outcome, waits_for_confirmation=waits) is status
