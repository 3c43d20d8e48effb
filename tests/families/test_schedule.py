"""What is said of people's hours, kept and ended on a real database, also by many at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event, select

from app.families import schedule, service
from app.families.models import Pattern
from app.families.schedule import MOST_PATTERNS, Said
from app.families.words import Occupation, PatternKind
from app.kernel.errors import HomethreadError, Invalid, NotFound, Refused
from app.storage.database import Database
from app.web.hints import changes_since
from tests.families.conftest import Kin
from tests.families.patterns import DAY_AND_NIGHT, FOUR_ON_TWO_OFF

TODAY = date(2026, 3, 2)  # where the mother is; the clock stands at nine in the morning there
TOMORROW = TODAY + timedelta(days=1)
WEEKLY, ROTATION, SWAP, AWAY = PatternKind


def shift(from_minute: int = 480, **more: Any) -> Said:
    return Said(WEEKLY, Occupation.SHIFT, {"weekdays": [0], "from_minute": from_minute, "until_minute": 1200}, **more)


def rotation(**more: Any) -> Said:
    detail = {"anchor": "2026-03-02", "cycle": FOUR_ON_TWO_OFF, "hours": DAY_AND_NIGHT}
    return Said(ROTATION, Occupation.SHIFT, detail, **more)


@pytest.fixture
def say(database: Database, kin: Kin, now: datetime) -> Callable[..., str]:
    """Say a pattern of the mother's in a transaction of its own: its id."""

    def in_one(said: Said, *, later: timedelta = timedelta(), person_id: str = "") -> str:
        with database.begin() as session:
            return schedule.add(session, person_id or kin.mother, said, "person:mother", now + later).id

    return in_one


@pytest.fixture
def swap(database: Database, kin: Kin, now: datetime) -> Callable[..., None]:
    def in_one(day: date, word: str | None = None, **more: Any) -> None:
        with database.begin() as session:
            schedule.swap(session, kin.mother, day, shift=word, by="person:mother", **{"now": now, **more})

    return in_one


def standing(database: Database, person_id: str) -> list[Pattern]:
    with database.read() as session:
        held = select(Pattern).where(Pattern.person_id == person_id, Pattern.ended_at.is_(None))
        return list(session.scalars(held.order_by(Pattern.made_at)))


class TestAdd:
    def test_is_read_back_as_it_was_said(self, database: Database, kin: Kin, say: Callable[..., str]) -> None:
        pattern_id = say(rotation(from_day=TODAY, note="  the factory "))
        with database.read() as session:
            found = schedule.patterns_of(session, [kin.mother, kin.ming])
            kept = schedule.pattern(session, pattern_id)
        assert found[kin.ming] == []
        (facts,) = found[kin.mother]
        assert (facts.kind, facts.from_day, facts.detail) == (ROTATION, TODAY, rotation().detail)
        assert (kept.note, kept.made_by) == ("the factory", "person:mother")

    def test_they_come_in_the_order_in_which_they_were_said(
        self, database: Database, kin: Kin, say: Callable[..., str]
    ) -> None:
        for n in (3, 1, 2):
            say(shift(n), later=timedelta(minutes=n))
        with database.read() as session:
            found = schedule.patterns_of(session, [kin.mother])[kin.mother]
        assert [facts.detail["from_minute"] for facts in found] == [1, 2, 3]

    def test_one_query_asks_for_everybody(self, database: Database, kin: Kin, say: Callable[..., str]) -> None:
        say(shift()), say(shift(), person_id=kin.ming)
        asked: list[str] = []
        event.listen(database.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        with database.read() as session:
            found = schedule.patterns_of(session, [kin.mother, kin.ming, kin.hua])
        assert {who: len(said) for who, said in found.items()} == {kin.mother: 1, kin.ming: 1, kin.hua: 0}
        assert len([statement for statement in asked if "availability" in statement]) == 1

    def test_it_is_told_to_the_person_and_the_desks_of_both_villages(
        self, database: Database, kin: Kin, say: Callable[..., str], now: datetime
    ) -> None:
        with database.read() as session:
            before = changes_since(session, now)
        say(shift())
        with database.read() as session:
            told = {hint for change, hint in changes_since(session, now) if change not in dict(before)}
        assert told == {("person", kin.mother), ("village", kin.village), ("village", kin.elsewhere)}

    def test_what_is_wrong_is_not_kept(self, database: Database, kin: Kin, say: Callable[..., str]) -> None:
        for said, code in (
            (shift(1440), "hours_out_of_range"),
            (shift(until_day=TODAY - timedelta(days=1)), "days_over"),
            (shift(from_day=TOMORROW, until_day=TODAY), "days_reversed"),
            (shift(note="x" * 81), "bad_note"),
            (shift(note="a\x07b"), "bad_note"),
            (Said(SWAP, Occupation.SHIFT, {"day": "2026-03-02", "shift": "off"}), "pattern_not_understood"),
        ):
            with pytest.raises(Invalid, match=code):
                say(said)
        assert standing(database, kin.mother) == []

    def test_of_nobody(self, say: Callable[..., str]) -> None:
        with pytest.raises(NotFound):
            say(shift(), person_id="nobody")

    def test_a_person_has_a_number_of_them_and_no_more(
        self, database: Database, kin: Kin, say: Callable[..., str], swap: Callable[..., None]
    ) -> None:
        ids = [say(shift(n)) for n in range(MOST_PATTERNS)]
        with pytest.raises(Refused, match="too_many_patterns"):
            say(shift())
        swap(TODAY, "off")  # a swap is let go of by itself, and is always taken
        with database.begin() as session:
            schedule.end(session, ids[0], datetime.fromisoformat("2026-03-02T02:00:00Z"))
        say(shift())
        assert len(standing(database, kin.mother)) == MOST_PATTERNS + 1

    def test_many_who_say_more_at_once(self, database: Database, kin: Kin, say: Callable[..., str]) -> None:
        for n in range(MOST_PATTERNS - 2):
            say(shift(n))
        together = Barrier(6)

        def one(n: int) -> str:
            together.wait()
            try:
                say(shift(1000 + n))
            except HomethreadError as refused:
                return refused.code
            return "kept"

        with ThreadPoolExecutor(6) as threads:
            assert sorted(threads.map(one, range(6))) == ["kept"] * 2 + ["too_many_patterns"] * 4
        assert len(standing(database, kin.mother)) == MOST_PATTERNS


class TestRotations:
    def test_a_new_one_ends_what_it_leaves_no_day(self, database: Database, kin: Kin, now: datetime) -> None:
        cases = [
            (rotation(), rotation(), 1),
            (rotation(), rotation(from_day=TODAY), 1),  # what was before today matters no more
            (rotation(from_day=TOMORROW), rotation(from_day=TOMORROW), 1),
            (rotation(until_day=TOMORROW), rotation(until_day=TOMORROW), 1),
            (rotation(), rotation(from_day=TOMORROW), 2),  # today is still the old one's
            (rotation(), rotation(until_day=TOMORROW), 2),  # and the day after tomorrow again
            (shift(), rotation(), 2),
            (rotation(), shift(), 2),
        ]
        for n, (before, after, left) in enumerate(cases):
            with database.begin() as session:
                who = service.add_person(session, name=f"{n}", zone="Asia/Shanghai", language="en").id
                schedule.add(session, who, before, "person:x", now)
                new = schedule.add(session, who, after, "person:x", now + timedelta(minutes=1)).id
            found = standing(database, who)
            assert (len(found), found[-1].id) == (left, new), n


class TestSwap:
    def test_the_same_day_again_replaces_and_nothing_takes_it_back(
        self, database: Database, kin: Kin, say: Callable[..., str], swap: Callable[..., None]
    ) -> None:
        say(rotation())
        for day, word in ((TODAY, "night"), (TOMORROW, "off")):
            swap(day, word)
        swap(TODAY, hours=(360, 600))
        swap(TODAY, "off")
        details = [p.detail for p in standing(database, kin.mother) if p.kind is SWAP]
        assert sorted(details, key=str) == [
            {"day": "2026-03-02", "shift": "off"}, {"day": "2026-03-03", "shift": "off"},
        ]  # fmt: skip
        swap(TODAY)
        assert [p.detail["day"] for p in standing(database, kin.mother) if p.kind is SWAP] == ["2026-03-03"]

    def test_within_the_next_days_and_no_others(self, database: Database, kin: Kin, swap: Callable[..., None]) -> None:
        last = TODAY + timedelta(days=90)
        for day in (TODAY - timedelta(days=1), last + timedelta(days=1), date.min, date.max):
            with pytest.raises(Invalid, match="swap_out_of_range"):
                swap(day, "off")
        swap(TODAY, "off")
        swap(last, "off")
        assert sorted((p.from_day, p.until_day) for p in standing(database, kin.mother)) == [
            (TODAY, TODAY), (last, last),
        ]  # fmt: skip

    def test_today_is_where_the_person_is(self, swap: Callable[..., None]) -> None:
        """It is past midnight in Shanghai, and still the day before by the clock of Greenwich."""
        late = datetime.fromisoformat("2026-03-02T17:00:00Z")
        with pytest.raises(Invalid, match="swap_out_of_range"):
            swap(TODAY, "off", now=late)
        swap(TOMORROW, "off", now=late)

    def test_what_is_wrong_leaves_the_swap_before_it(
        self, database: Database, kin: Kin, say: Callable[..., str], swap: Callable[..., None]
    ) -> None:
        say(rotation())
        swap(TODAY, "night")
        said: dict[str, dict[str, Any]] = {
            "shift_without_hours": {"word": "early"},
            "unknown_shift": {"word": "holiday"},
            "hours_out_of_range": {"hours": (0, 1441)},
            "pattern_not_understood": {"word": "off", "hours": (0, 60)},
        }
        for code, wrong in said.items():
            with pytest.raises(Invalid, match=code):
                swap(TODAY, **wrong)
        assert [p.detail["shift"] for p in standing(database, kin.mother) if p.kind is SWAP] == ["night"]

    def test_many_at_once_leave_one(self, database: Database, kin: Kin, swap: Callable[..., None]) -> None:
        together = Barrier(6)

        def one(n: int) -> None:
            together.wait()
            swap(TODAY, hours=(n, 600))

        with ThreadPoolExecutor(6) as threads:
            list(threads.map(one, range(6)))
        assert len(standing(database, kin.mother)) == 1

    def test_what_is_over_is_let_go_of(
        self, database: Database, kin: Kin, swap: Callable[..., None], now: datetime
    ) -> None:
        swap(TODAY, "off")
        for days in (1, 2):  # a night shift of yesterday goes on until this morning
            swap(TODAY + timedelta(days=days), "off", now=now + timedelta(days=days))
        assert len(standing(database, kin.mother)) == 3
        swap(TODAY + timedelta(days=3), "off", now=now + timedelta(days=3))
        assert len(standing(database, kin.mother)) == 3


class TestEnd:
    def test_it_holds_no_longer_and_is_ended_once(
        self, database: Database, kin: Kin, say: Callable[..., str], now: datetime
    ) -> None:
        pattern_id = say(shift())
        for minutes in (1, 2):
            with database.begin() as session:
                schedule.end(session, pattern_id, now + timedelta(minutes=minutes))
        with database.read() as session:
            assert schedule.patterns_of(session, [kin.mother]) == {kin.mother: []}
            assert schedule.pattern(session, pattern_id).ended_at == now + timedelta(minutes=1)

    def test_what_is_not_there(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session, pytest.raises(NotFound):
            schedule.end(session, "nothing", now)
