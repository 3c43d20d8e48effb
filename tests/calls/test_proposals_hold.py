"""Whatever is asked, what is proposed can be booked, suits everybody and is so for the reasons given.

Every slot is looked at one by one, with the rules of booking and of people's hours themselves.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.calls import rules
from app.calls.ground import History, PersonFacts, Question, TerminalFacts
from app.calls.link import LinkHour
from app.calls.proposals import Answer, Proposal, propose
from app.calls.words import Obstacle, SlotReason
from app.families import availability
from app.families.availability import PatternFacts
from app.families.words import Occupation, PatternKind
from app.kernel.intervals import covers
from app.kernel.local_time import wall_of
from app.villages import rules as hours
from app.villages.rules import ClosureFacts, OpeningFacts
from tests.calls.questions import away

ZONES = ["Asia/Shanghai", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "Africa/Casablanca"]
DAY = date(2026, 10, 30)  # clocks are set on the first of November in New York; on the fourth of October at Lord Howe
FROM = datetime(2026, 10, 31, 7, 3, 20, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

occupations = st.sampled_from(list(Occupation))
some_days = st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True)
minutes_of_day = st.integers(0, 1439)
instants = st.integers(-600, 6000).map(lambda n: FROM.replace(second=0) + n * MINUTE)


@st.composite
def patterns(draw: st.DrawFn) -> PatternFacts:
    occupation = draw(occupations)
    kind = draw(st.sampled_from([PatternKind.WEEKLY, PatternKind.ROTATION, PatternKind.AWAY]))
    if kind is PatternKind.AWAY:
        first = DAY + timedelta(days=draw(st.integers(0, 5)))
        return away(first, first + timedelta(days=draw(st.integers(0, 1))))
    if kind is PatternKind.ROTATION:
        cycle = draw(st.lists(st.sampled_from(["day", "night", "off"]), min_size=1, max_size=6))
        detail: dict[str, Any] = {
            "anchor": DAY.isoformat(),
            "cycle": cycle,
            "hours": {"day": [480, 1200], "night": [1200, 480]},
        }
        return PatternFacts(kind, occupation, False, None, None, detail)
    detail = {"weekdays": draw(some_days), "from_minute": draw(minutes_of_day), "until_minute": draw(minutes_of_day)}
    return PatternFacts(kind, occupation, draw(st.integers(0, 9)) == 0, None, None, detail)


@st.composite
def taken(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    """Calls at any minute, which hold all cells that they touch."""
    starts = draw(st.lists(instants, max_size=12))
    return [(start, start + draw(st.integers(1, 65)) * MINUTE) for start in starts]


people = st.builds(PersonFacts, st.sampled_from(ZONES), st.lists(patterns(), max_size=2), st.just([]) | taken())
passports = st.dictionaries(
    st.integers(0, 23), st.builds(LinkHour, st.integers(1, 3), st.integers(50, 900), st.integers(0, 100)), max_size=24
)


several = st.lists(instants, max_size=4)
evenings = st.lists(
    st.builds(lambda day, minute: FROM - day * 24 * HOUR + minute * MINUTE, st.integers(1, 56), st.integers(150, 240))
)
histories = st.builds(History, evenings, evenings, several, st.none() | instants)


@st.composite
def closures(draw: st.DrawFn) -> list[tuple[datetime, datetime]]:
    starts = draw(st.lists(instants, max_size=2))
    return [(start, start + draw(st.integers(1, 900)) * MINUTE + timedelta(seconds=7)) for start in starts]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    spans = st.sampled_from([[480, 1320], [0, 1440]]) | st.lists(
        minutes_of_day, min_size=2, max_size=2, unique=True
    ).map(sorted)
    ids = ["office", "school"][: draw(st.integers(1, 2))]
    return Question(
        minutes=draw(st.sampled_from([5, 10, 15, 30, 60])),
        from_=FROM, until=FROM + draw(st.integers(60, 5 * 1440)) * MINUTE, now=FROM - HOUR,
        zone=draw(st.sampled_from(ZONES)), slot_minutes=draw(st.sampled_from([5, 7, 15, 30])),
        buffer_minutes=draw(st.sampled_from([0, 3, 5, 20])),
        openings=[OpeningFacts(day, *draw(spans)) for day in draw(st.just(range(7)) | some_days)],
        terminals=[TerminalFacts(each, draw(closures()), draw(taken()), draw(passports)) for each in ids],
        parent=draw(people), child=draw(people), caregivers=draw(st.lists(people, max_size=2)),
        history=draw(histories),
        allowed_until=draw(st.none() | st.none() | instants),
    )  # fmt: skip


class Looked:
    """Each slot of a question, looked at by itself."""

    def __init__(self, asked: Question) -> None:
        self.asked = asked
        self.from_, self.until = asked.from_ - 2 * HOUR, asked.until + 2 * HOUR
        self.free = {id(each): self.time_of(each) for each in (asked.parent, asked.child, *asked.caregivers)}
        self.opens = {
            each.id: hours.open_intervals(
                asked.openings, [ClosureFacts(*closed) for closed in each.closed], asked.zone, asked.from_, asked.until
            )
            for each in asked.terminals
        }
        self.taken = {
            (f"terminal:{t.id}", cell) for t in asked.terminals for span in t.taken for cell in rules.cells(*span)
        }
        for name, who in (("parent", asked.parent), ("child", asked.child)):
            self.taken |= {(f"person:{name}", cell) for span in who.taken for cell in rules.cells(*span)}

    def time_of(self, who: PersonFacts) -> list[tuple[datetime, datetime]]:
        return availability.free(who.patterns, who.zone, self.from_, self.until)

    def has_time(self, who: PersonFacts, start: datetime, end: datetime) -> bool:
        return covers(self.free[id(who)], start, end)

    def bookable(self, minutes: int) -> set[tuple[datetime, str]]:
        """(start, terminal) of all slots that could be booked, whatever people's hours are."""
        found = set()
        for terminal_id, opens in self.opens.items():
            for start in hours.grid(opens, self.asked.slot_minutes, minutes, self.asked.zone):
                end = start + minutes * MINUTE
                claims = rules.claims_of(terminal_id, ("parent", "child"), start, end, self.asked.buffer_minutes)
                is_allowed = self.asked.allowed_until is None or end <= self.asked.allowed_until
                if is_allowed and not self.taken & set(claims):
                    found.add((start, terminal_id))
        return found

    def fitting(self, minutes: int) -> set[tuple[datetime, str]]:
        asked, length = self.asked, minutes * MINUTE
        return {
            (start, terminal_id) for start, terminal_id in self.bookable(minutes)
            if self.has_time(asked.parent, start, start + length) and self.has_time(asked.child, start, start + length)
            and (not asked.caregivers or any(self.has_time(each, start, start + length) for each in asked.caregivers))
        }  # fmt: skip


def lengths(asked: Question) -> Iterator[int]:
    yield asked.minutes
    yield from (minutes for minutes in (15, 10, 5) if minutes < asked.minutes)


@given(questions())
def test_what_is_proposed_fits_and_nothing_else_is_said_not_to(asked: Question) -> None:
    answer, looked = propose(asked), Looked(asked)
    longest = next((minutes for minutes in lengths(asked) if looked.fitting(minutes)), None)
    if longest is None:
        assert not answer.proposals
        assert answer.obstacles
        the_compromise_can_be_booked(answer, looked)
        return
    assert (answer.minutes, answer.compromise, list(answer.obstacles)) == (longest, None, [])
    fitting = looked.fitting(longest)
    proposed = [(each.starts_at, each.terminal_id) for each in answer.proposals]
    assert set(proposed) <= fitting
    assert {each.ends_at - each.starts_at for each in answer.proposals} == {longest * MINUTE}
    days = [wall_of(start, asked.zone).date() for start, _terminal in proposed]
    assert 1 <= len(proposed) <= 5
    assert max(days.count(day) for day in days) <= 2
    everywhere = {wall_of(start, asked.zone).date() for start, _terminal in fitting}
    assert len(set(days)) == min(5, len(everywhere)), "no day twice while there are others"
    for each in answer.proposals:
        the_reasons_are_so(each, answer, looked)
    assert propose(asked) == answer


def the_reasons_are_so(proposal: Proposal, answer: Answer, looked: Looked) -> None:
    asked, start = looked.asked, proposal.starts_at
    wall = wall_of(start, asked.zone)
    held = [wall_of(at, asked.zone) for at in asked.history.held]
    near = [at for at in held if _apart(at, wall) <= 30]
    terminal = next(each for each in asked.terminals if each.id == proposal.terminal_id)
    link = (terminal.passport or {}).get(wall.hour)
    ago = asked.now - asked.history.heard_at if asked.history.heard_at else None
    missed = [wall_of(at, asked.zone) for at in asked.history.missed]
    weekdays_missed = sum(at.weekday() < 5 for at in missed)
    before = start - HOUR
    is_known = bool(asked.parent.patterns or asked.child.patterns)
    is_rested = all(looked.has_time(who, before, proposal.ends_at) for who in (asked.parent, asked.child))
    held_before = {(f"person:{who}", cell) for who in ("parent", "child") for cell in rules.cells(before, start)}
    true = {
        SlotReason.USUAL_TIME: len(near) >= 2 and len(near) * 4 >= len(held),
        SlotReason.GOOD_LINK: link is not None and link.is_good,
        SlotReason.SOONEST: start == min(at for at, _terminal in looked.fitting(answer.minutes)),
        SlotReason.LONG_UNHEARD: (ago is None or ago >= timedelta(days=7))
        and (wall.date() - wall_of(asked.now, asked.zone).date()).days <= 3,
        SlotReason.WEEKEND: wall.weekday() >= 5 and weekdays_missed >= 2
        and weekdays_missed >= sum(at.weekday() < 5 for at in held),
        SlotReason.BOTH_RESTED: is_known and is_rested and not looked.taken & held_before,
        SlotReason.SHORTER: answer.minutes < asked.minutes,
    }  # fmt: skip
    expected = {reason for reason, is_so in true.items() if is_so} or {SlotReason.EVERYBODY_FREE}
    assert set(proposal.reasons) == expected


def _apart(one: datetime, other: datetime) -> int:
    minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(minutes, 1440 - minutes)


def the_compromise_can_be_booked(answer: Answer, looked: Looked) -> None:
    asked, compromise = looked.asked, answer.compromise
    bookable = looked.bookable(asked.minutes)
    if compromise is None:
        assert not bookable
        return
    start, end = compromise.starts_at, compromise.ends_at
    assert (start, compromise.terminal_id) in bookable
    assert end - start == asked.minutes * MINUTE
    codes = set(compromise.conflicts)
    brought = not asked.caregivers or any(looked.has_time(each, start, end) for each in asked.caregivers)
    assert (Obstacle.CAREGIVER_AWAY in codes) is not brought
    assert any("parent" in code for code in codes) is not looked.has_time(asked.parent, start, end)
    assert any("child" in code for code in codes) is not looked.has_time(asked.child, start, end)
