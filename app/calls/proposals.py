"""Finds the best few slots for a call and says why; or why none fits, and what comes nearest. Pure.

Only slots that suit everybody are proposed. Of these, what speaks for one and against another is counted in points; a
slot is given the reasons that brought it points, so that none is said that is not so. Bookings are not made here.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.calls import obstacles, rules
from app.calls.ground import Ground, Question, Start
from app.calls.obstacles import Conflict, Share
from app.calls.timeline import members, runs
from app.calls.words import Obstacle, SlotReason
from app.families import availability
from app.families.availability import PatternFacts
from app.families.words import Occupation, PatternKind
from app.kernel.local_time import day_of, wall_of
from app.villages.rules import is_unheard

MOST = 5
EACH_DAY = 2
APART_MINUTES = 120
NEAR_MINUTES = 30
RESTED_MINUTES = 60
BEFORE_BED = timedelta(minutes=30)
SOON_DAYS = 3
EVENING = 19 * 60  # where nothing else speaks: school and most shifts are over
POINTS_A_DAY, POINTS_A_DAY_UNHEARD = 2, 8
NIGHT = PatternFacts(
    PatternKind.WEEKLY, Occupation.OTHER, False, None, None,
    {"weekdays": list(range(7)), "from_minute": 22 * 60, "until_minute": 7 * 60},
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    starts_at: datetime
    ends_at: datetime
    terminal_id: str
    reasons: Sequence[SlotReason]


@dataclass(frozen=True)
class Compromise:
    starts_at: datetime
    ends_at: datetime
    terminal_id: str
    conflicts: Sequence[Obstacle]


@dataclass(frozen=True)
class Answer:
    """The best first; obstacles and a compromise where there is none. `minutes`: as long as the calls can be."""

    minutes: int
    proposals: Sequence[Proposal] = ()
    obstacles: Sequence[Share] = ()
    compromise: Compromise | None = None


@dataclass(frozen=True)
class Mark:
    """What speaks for some starts, or against them, and how it is said, if it is."""

    points: int
    starts: set[int]
    reason: SlotReason | None = None


def propose(question: Question) -> Answer:
    """Answer with slots of the length that is asked for, or of the longest shorter one that fits anywhere."""
    ground = Ground(question)
    shorter = [each for each in rules.CALL_NOW_MINUTES if each < question.minutes and question.may_shrink]
    for minutes in (question.minutes, *shorter):
        fitting = ground.fitting(minutes)
        if fitting:
            return Answer(minutes, _Ranking(ground, fitting, minutes).best())
    shares, lightest = obstacles.explain(ground, question.minutes)
    compromise = _compromise(ground, lightest, question.minutes) if lightest else None
    return Answer(question.minutes, (), shares, compromise)


def _compromise(ground: Ground, lightest: Conflict, minutes: int) -> Compromise:
    starts_at = ground.line.instant(lightest.minute)
    terminal_id = _terminal(ground, lightest.minute, minutes)
    return Compromise(starts_at, starts_at + timedelta(minutes=minutes), terminal_id, lightest.codes)


def _terminal(ground: Ground, minute: int, minutes: int) -> str:
    """Of the terminals with room the one with the better link at this hour, or else the first."""
    hour = wall_of(ground.line.instant(minute), ground.question.zone).hour
    rooms = zip(ground.question.terminals, ground.room(minutes), strict=True)
    links = {terminal.id: (terminal.passport or {}).get(hour) for terminal, room in rooms if room >> minute & 1}
    good = [terminal_id for terminal_id, link in links.items() if link and link.is_good]
    fair = [terminal_id for terminal_id, link in links.items() if not (link and link.is_bad)]
    return next(iter([*good, *fair, *links]))


class _Ranking:
    """The starts that fit, by what speaks for each."""

    def __init__(self, ground: Ground, fitting: int, minutes: int) -> None:
        self.ground, self.question, self.fitting, self.minutes = ground, ground.question, fitting, minutes
        self.starts = ground.starts(fitting)
        self.today = day_of(self.question.now, self.question.zone)
        walls = [wall_of(at, self.question.zone) for at in self.question.history.held]
        self.held = [(wall.weekday(), wall.hour * 60 + wall.minute) for wall in walls]
        often = Counter(minute for _weekday, minute in sorted(self.held)).most_common(1)
        self.favourite = often[0][0] if often and often[0][1] > 1 else EVENING
        heard_at = self.question.history.heard_at
        self.is_unheard = is_unheard(heard_at, self.question.promise_days, self.question.now)
        self.marks = list(self._marks())

    def best(self) -> list[Proposal]:
        """At first one of each day, then a second one well apart from it where the days are few."""
        chosen: list[int] = []
        ranked = sorted(self.starts, key=self._rank)
        for of_a_day in range(1, EACH_DAY + 1):
            for minute in ranked:
                day = self.starts[minute].day
                near = [other for other in chosen if self.starts[other].day == day]
                is_apart = all(abs(other - minute) >= APART_MINUTES for other in near)
                if len(chosen) < MOST and len(near) < of_a_day and is_apart:
                    chosen.append(minute)
        return [self._proposal(minute) for minute in chosen]

    def _rank(self, minute: int) -> tuple[int, int, int]:
        start = self.starts[minute]
        points = sum(mark.points for mark in self.marks if minute in mark.starts)
        points -= (start.day - self.today).days * (POINTS_A_DAY_UNHEARD if self.is_unheard else POINTS_A_DAY)
        from_favourite = abs(start.minute - self.favourite)
        return from_favourite // 60 - points, from_favourite, minute

    def _proposal(self, minute: int) -> Proposal:
        starts_at = self.ground.line.instant(minute)
        reasons = [mark.reason for mark in self.marks if mark.reason and minute in mark.starts]
        if self.minutes < self.question.minutes:
            reasons.append(SlotReason.SHORTER)
        return Proposal(
            starts_at, starts_at + timedelta(minutes=self.minutes), _terminal(self.ground, minute, self.minutes),
            reasons or [SlotReason.EVERYBODY_FREE],
        )  # fmt: skip

    def _marks(self) -> Iterator[Mark]:
        usual, usual_weekday = self._usual()
        good, bad = self._link()
        yield Mark(25, usual, SlotReason.USUAL_TIME)
        yield Mark(15, usual_weekday)
        yield Mark(10 if self.is_unheard else 0, {min(self.starts)}, SlotReason.SOONEST)
        if self.is_unheard:
            soon = self.today + timedelta(days=SOON_DAYS)
            yield Mark(10, self._those(lambda start: start.day <= soon), SlotReason.LONG_UNHEARD)
        yield Mark(15, good, SlotReason.GOOD_LINK)
        yield Mark(-20, bad)
        if self._are_weekdays_missed():
            yield Mark(20, self._those(lambda start: start.day.weekday() >= 5), SlotReason.WEEKEND)
        yield Mark(5, self._rested(), SlotReason.BOTH_RESTED)
        yield Mark(-25, self._before_bedtime())
        yield Mark(-40, self._at_night() - usual)
        ahead = {day_of(at, self.question.zone) for at in self.question.history.ahead}
        yield Mark(-30, self._those(lambda start: start.day in ahead))

    def _those(self, are: Callable[[Start], bool]) -> set[int]:
        return {minute for minute, start in self.starts.items() if are(start)}

    def _usual(self) -> tuple[set[int], set[int]]:
        """Starts near which a good part of the pair's calls were held, and those of them on the same weekday."""
        near = {
            wall: [weekday for weekday, minute in self.held if _apart(minute, wall) <= NEAR_MINUTES]
            for wall in {start.minute for start in self.starts.values()}
        }
        usual = {wall for wall, weekdays in near.items() if len(weekdays) >= 2 and 4 * len(weekdays) >= len(self.held)}
        found = self._those(lambda start: start.minute in usual)
        return found, {m for m in found if near[self.starts[m].minute].count(self.starts[m].day.weekday()) >= 2}

    def _link(self) -> tuple[set[int], set[int]]:
        """Starts with a terminal whose link is good at that hour, and those at which every terminal's is bad."""
        good, bearable = set[int](), set[int]()
        for terminal, room in zip(self.question.terminals, self.ground.room(self.minutes), strict=True):
            links = {
                minute: (terminal.passport or {}).get(self.starts[minute].minute // 60)
                for minute in members(self.fitting & room)
            }
            good.update(minute for minute, link in links.items() if link and link.is_good)
            bearable.update(minute for minute, link in links.items() if not (link and link.is_bad))
        return good, self.starts.keys() - bearable

    def _are_weekdays_missed(self) -> bool:
        days = [wall_of(at, self.question.zone).weekday() for at in self.question.history.missed]
        missed, held = sum(day < 5 for day in days), sum(day < 5 for day, _minute in self.held)
        return missed >= 2 and missed >= held

    def _rested(self) -> set[int]:
        """Starts before which both have had time for themselves, where anything is known of their hours."""
        if not self.question.parent.patterns and not self.question.child.patterns:
            return set()
        time = self.ground.parent & self.ground.child & self.ground.people_untaken
        return set(members(self.fitting & runs(time, RESTED_MINUTES + self.minutes) << RESTED_MINUTES))

    def _before_bedtime(self) -> set[int]:
        """Starts of calls that reach into the last half hour before the child goes to bed."""
        child, line = self.question.child, self.ground.line
        bedtime = [pattern for pattern in child.patterns if pattern.occupation is Occupation.BEDTIME]
        asleep = availability.busy(bedtime, child.zone, line.origin, self.ground.end)
        late = line.touched((start - BEFORE_BED, start) for start, _end, _why in asleep)
        return self._touching(late)

    def _at_night(self) -> set[int]:
        """Starts of calls that reach into the night of either of them, by their own wall clocks."""
        line, nights = self.ground.line, 0
        for zone in {self.question.parent.zone, self.question.child.zone}:
            found = availability.busy([NIGHT], zone, line.origin, self.ground.end)
            nights |= line.touched((start, end) for start, end, _why in found)
        return self._touching(nights)

    def _touching(self, minutes: int) -> set[int]:
        clear = runs(self.ground.line.rest(minutes), self.minutes)
        return set(members(self.fitting & ~clear))


def _apart(one: int, other: int) -> int:
    """Minutes between two wall times, the shorter way round the clock."""
    return min(abs(one - other), 1440 - abs(one - other))
