"""Calls as iCalendar (RFC 5545, RFC 7986): what a phone's calendar is given to read. Pure.

Instants stand in UTC, without a VTIMEZONE. Each call is one event with one start, and recurrence is ours to work out,
so a zone would add nothing but the one part of iCalendar that calendars read differently: a phone shows an instant in
the zone where its owner is, which is what a parent who moved to another country needs.

A call that was moved is one event, which moved: the UID is that of the first, SEQUENCE counts the moves, and
cancelling is one change more. There is no METHOD, so that DTSTAMP is the last change (RFC 5545, 3.8.7.2) and the same
calls are the same bytes. Family names, numbers and addresses stay out: such a calendar lies on other people's
servers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from icalendar import Alarm, Calendar, Event

from app.calls.words import CallState, Outcome
from app.web.texts import text

PRODUCT = "-//Homethread//Calls//EN"
REFRESHED_EVERY = timedelta(hours=1)
ALARMS = (timedelta(hours=1), timedelta(minutes=10))


class Status(StrEnum):
    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


@dataclass(frozen=True)
class Entry:
    """One call of a reader: `names` of whom it is with, or of both sides for one who brings the child."""

    root_id: str
    starts_at: datetime
    ends_at: datetime
    status: Status
    moves: int
    changed_at: datetime
    names: Sequence[str]
    place: str

    @property
    def sequence(self) -> int:
        return self.moves + (self.status is Status.CANCELLED)


def status_of(state: CallState, outcome: Outcome | None, *, waits_for_confirmation: bool) -> Status:
    """A call that has to be confirmed yet may still be let go; one that was missed did stand in the calendar."""
    if outcome is Outcome.CANCELLED:
        return Status.CANCELLED
    if state is CallState.PROPOSED or (state is CallState.BOOKED and waits_for_confirmation):
        return Status.TENTATIVE
    return Status.CONFIRMED


def render(entries: Iterable[Entry], language: str, link: str) -> bytes:
    """The calendar in the reader's language; `link` is where the reader joins a call."""
    name = text("calendar.name", language)
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODUCT)
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESHED_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, language, link))
    written: bytes = calendar.to_ical()
    return written


def _event(entry: Entry, language: str, link: str) -> Event:
    event, summary = Event(), _summary(entry, language)
    event.add("uid", f"{entry.root_id}@homethread")
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.starts_at)
    event.add("dtend", entry.ends_at)
    event.add("status", entry.status.value)
    event.add("class", "PRIVATE")
    event.add("summary", summary)
    event.add("location", entry.place)
    if entry.status is not Status.CANCELLED:
        event.add("url", link)
        event.add("description", text("calendar.join", language, link=link))
        for before in ALARMS:
            event.add_component(_alarm(before, summary))
    return event


def _alarm(before: timedelta, summary: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -before)
    alarm.add("description", summary)
    return alarm


def _summary(entry: Entry, language: str) -> str:
    """Whom the call is with; that it is not settled or cancelled too, since few phones show a STATUS."""
    one, *other = entry.names
    said = text("calendar.between" if other else "calendar.with", language, name=one, other="".join(other))
    if entry.status is Status.CONFIRMED:
        return said
    return text(f"calendar.{entry.status.value.lower()}", language, said=said)
