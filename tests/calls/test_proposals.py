"""Which slots are proposed and why, as tables, and against what is looked up minute by minute."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from app.calls.ground import History, PersonFacts, TerminalFacts
from app.calls.proposals import Answer, propose
from app.calls.words import SlotReason
from app.families.words import Occupation
from app.kernel.local_time import wall_of
from tests.calls.questions import BAD, FAIR, GOOD, WORKDAYS, away, opening, person, question, weekly
from tests.scene import NOW, ZONE, at

BEDTIME = weekly(Occupation.BEDTIME, 20.5, 6.5)
SCHOOL = weekly(Occupation.SCHOOL, 8, 17, *WORKDAYS)
HEARD = at(20, day=22)


def starts(answer: Answer) -> list[str]:
    """Day of November 2026 (31 is the first of December) and time, by the village's wall clock."""
    walls = [wall_of(each.starts_at, ZONE) for each in answer.proposals]
    return [f"{(wall.date() - date(2026, 10, 31)).days} {wall:%H:%M}" for wall in walls]


def reasons(answer: Answer, start: str) -> set[SlotReason]:
    return set(answer.proposals[starts(answer).index(start)].reasons)


def held(*starts_at: datetime) -> History:
    return History(held=starts_at, heard_at=HEARD)


SATURDAYS = tuple(at(19, 30, day=day) for day in (7, 14, 21))


class TestWhichComeFirst:
    def test_where_nothing_is_known_five_evenings_from_today_on(self) -> None:
        answer = propose(question())
        assert starts(answer) == ["23 19:00", "24 19:00", "25 19:00", "26 19:00", "27 19:00"]
        assert {tuple(each.reasons) for each in answer.proposals} == {(SlotReason.EVERYBODY_FREE,)}
        assert (answer.minutes, list(answer.obstacles), answer.compromise) == (15, [], None)

    def test_the_usual_time_on_its_weekday_before_sooner_ones(self) -> None:
        answer = propose(question(history=held(*SATURDAYS)))
        assert starts(answer)[:3] == ["28 19:30", "23 19:30", "24 19:30"]
        assert reasons(answer, "28 19:30") == {SlotReason.USUAL_TIME}

    def test_one_call_is_no_habit(self) -> None:
        answer = propose(question(history=held(SATURDAYS[0])))
        assert starts(answer)[0] == "23 19:00"
        assert SlotReason.USUAL_TIME not in reasons(answer, "23 19:00")

    def test_what_is_rare_among_many_is_no_habit(self) -> None:
        mornings = (at(9, day=1), at(9, day=2))
        evenings = tuple(at(19, day=day) for day in range(3, 14))
        answer = propose(question(openings=opening(8, 12), history=held(*mornings, *evenings)))
        assert not any(SlotReason.USUAL_TIME in each.reasons for each in answer.proposals)

    @pytest.mark.parametrize("heard_at", [NOW - timedelta(days=7), None])
    def test_soon_after_a_week_of_silence(self, heard_at: datetime | None) -> None:
        answer = propose(question(history=History(held=SATURDAYS, heard_at=heard_at)))
        assert starts(answer) == ["23 19:30", "24 19:30", "25 19:30", "26 19:30", "28 19:30"]
        assert SlotReason.LONG_UNHEARD in reasons(answer, "26 19:30")
        assert SlotReason.LONG_UNHEARD not in reasons(answer, "28 19:30")

    def test_not_before_the_bedtime_if_it_can_be_helped(self) -> None:
        answer = propose(question(openings=opening(19, 22), child=person(BEDTIME), until=at(22)))
        assert starts(answer) == ["23 19:00"]
        late = propose(question(openings=opening(20, 22), child=person(BEDTIME), until=at(22)))
        assert starts(late) == ["23 20:00"], "better then than not at all"

    def test_the_weekend_where_weekdays_were_missed(self) -> None:
        missed = (at(19, day=17), at(19, day=19))
        answer = propose(question(history=History(missed=missed, heard_at=HEARD)))
        assert starts(answer)[:2] == ["28 19:00", "29 19:00"]
        assert SlotReason.WEEKEND in reasons(answer, "28 19:00")
        once = propose(question(history=History(missed=missed[:1], heard_at=HEARD)))
        assert starts(once)[0] == "23 19:00"

    def test_not_while_it_is_night_for_a_parent_abroad(self) -> None:
        answer = propose(question(openings=opening(8, 12), parent=person(zone="America/New_York")))
        assert [start.split()[1] for start in starts(answer)] == ["10:45"] * 5, "it ends at 22:00 there"
        answer = propose(question(parent=person(zone="Europe/Rome")))
        assert [start.split()[1] for start in starts(answer)] == ["19:00"] * 5
        answer = propose(question(openings=opening(8, 15), parent=person(zone="Europe/Rome")))
        assert [start.split()[1] for start in starts(answer)] == ["14:45"] * 5, "7:45 there"

    def test_a_day_with_a_call_already_comes_last(self) -> None:
        answer = propose(question(until=at(22, day=25), history=History(ahead=[at(21, day=23)], heard_at=HEARD)))
        assert starts(answer)[:3] == ["24 19:00", "25 19:00", "23 19:00"]

    def test_a_few_days_give_two_each_well_apart(self) -> None:
        answer = propose(question(until=at(22, day=24)))
        assert starts(answer) == ["23 19:00", "24 19:00", "23 21:00", "24 17:00"]


class TestLink:
    def test_hours_of_a_good_link_before_others(self) -> None:
        good = TerminalFacts("office", passport={20: GOOD, 19: FAIR})
        answer = propose(question(terminals=[good]))
        assert starts(answer)[0] == "23 20:00"
        assert SlotReason.GOOD_LINK in reasons(answer, "23 20:00")

    def test_bad_hours_are_left_where_others_are_free(self) -> None:
        answer = propose(question(terminals=[TerminalFacts("office", passport={19: BAD, 18: BAD})]))
        assert starts(answer)[0] == "23 20:00"
        assert SlotReason.GOOD_LINK not in reasons(answer, "23 20:00")

    def test_an_hour_measured_once_says_nothing(self) -> None:
        thin = {19: replace(BAD, calls=1), 20: replace(GOOD, calls=1)}
        answer = propose(question(terminals=[TerminalFacts("office", passport=thin)]))
        assert starts(answer)[0] == "23 19:00"
        assert SlotReason.GOOD_LINK not in reasons(answer, "23 19:00")

    @pytest.mark.parametrize(
        ("office", "school", "chosen"),
        [
            (None, None, "office"), (GOOD, GOOD, "office"), (FAIR, GOOD, "school"), (None, GOOD, "school"),
            (BAD, FAIR, "school"), (BAD, None, "school"), (BAD, BAD, "office"), (FAIR, None, "office"),
        ],
    )  # fmt: skip
    def test_the_better_of_two_terminals(self, office: object, school: object, chosen: str) -> None:
        both = [TerminalFacts("office", passport={19: office}), TerminalFacts("school", passport={19: school})]  # type: ignore[dict-item]
        answer = propose(question(terminals=both, until=at(19, 15), openings=opening(19, 20)))
        assert [each.terminal_id for each in answer.proposals] == [chosen]

    def test_the_better_one_only_where_it_is_free(self) -> None:
        taken = [(at(19), at(19, 20))]
        both = [TerminalFacts("office"), TerminalFacts("school", taken=taken, passport={19: GOOD})]
        answer = propose(question(terminals=both, until=at(19, 15), openings=opening(19, 20)))
        assert [(each.terminal_id, list(each.reasons)) for each in answer.proposals] == [("office", ["soonest"])]


class TestReasons:
    def test_the_soonest_is_the_first_that_fits(self) -> None:
        answer = propose(question(until=at(19)))
        assert starts(answer) == ["23 18:45"], "18:00 is sooner, but this is the better hour"
        only = propose(question(until=at(18, 15)))
        assert [list(each.reasons) for each in only.proposals] == [[SlotReason.SOONEST]]

    def test_rested_where_both_had_an_hour(self) -> None:
        shift = weekly(Occupation.SHIFT, 8, 18.5)
        answer = propose(question(parent=person(shift), until=at(20)))
        assert starts(answer) == ["23 19:30"]
        assert SlotReason.BOTH_RESTED in reasons(answer, "23 19:30")
        assert SlotReason.BOTH_RESTED not in reasons(
            propose(question(parent=person(shift), until=at(19, 30))), "23 19:00"
        )

    def test_nobody_is_called_rested_of_whom_nothing_is_known(self) -> None:
        answer = propose(question())
        assert not any(SlotReason.BOTH_RESTED in each.reasons for each in answer.proposals)

    @pytest.mark.parametrize(("wished", "room", "given"), [(15, 15, 15), (15, 10, 10), (30, 15, 15), (15, 5, 5)])
    def test_shorter_only_where_no_longer_one_fits(self, wished: int, room: int, given: int) -> None:
        answer = propose(question(minutes=wished, openings=opening(19, 19 + room / 60)))
        assert answer.minutes == given
        assert all(each.ends_at - each.starts_at == timedelta(minutes=given) for each in answer.proposals)
        assert {SlotReason.SHORTER in each.reasons for each in answer.proposals} == {given < wished}

    def test_no_shorter_than_a_call_can_be(self) -> None:
        assert not propose(question(openings=opening(19, 19 + 4 / 60))).proposals


class TestWhoIsFree:
    def test_between_a_shift_and_a_bedtime(self) -> None:
        shift = weekly(Occupation.SHIFT, 8, 19, *WORKDAYS)
        answer = propose(question(parent=person(shift), child=person(SCHOOL, BEDTIME), until=at(22, day=25)))
        assert starts(answer)[:3] == ["23 19:00", "24 19:00", "25 19:00"]

    def test_one_caregiver_is_enough_but_throughout(self) -> None:
        market = weekly(Occupation.MARKET, 8, 20)
        answer = propose(question(caregivers=[person(market), person()], until=at(22)))
        assert starts(answer)[0] == "23 19:00"
        relay = [person(weekly(Occupation.MARKET, 8, 19)), person(weekly(Occupation.MARKET, 19, 22))]
        answer = propose(question(caregivers=relay, openings=opening(18.75, 19.25), slot_minutes=5, until=at(22)))
        assert starts(answer) == ["23 19:00"], "18:50 would be in two hands"

    def test_hours_are_of_the_zone_of_who_has_them(self) -> None:
        in_rome = person(weekly(Occupation.SHIFT, 8, 20), zone="Europe/Rome")
        answer = propose(question(parent=in_rome, openings=opening(12, 22), until=at(22, day=25)))
        assert starts(answer)[0] == "24 14:45", "the shift begins at 15:00"

    def test_not_after_the_consent(self) -> None:
        answer = propose(question(allowed_until=at(19, 10, day=24)))
        assert starts(answer) == ["23 19:00", "24 18:45", "23 21:00", "24 16:45"]

    def test_people_who_are_away(self) -> None:
        trip = away(date(2026, 11, 23), date(2026, 11, 25))
        for who in ({"parent": person(trip)}, {"child": person(trip)}, {"caregivers": [person(trip)]}):
            assert starts(propose(question(**who)))[0] == "26 19:00"


@pytest.mark.parametrize("whose", ["parent", "child"])
def test_what_people_are_booked_for_is_no_time(whose: str) -> None:
    booked = PersonFacts(ZONE, taken=[(at(19), at(19, 20))])
    assert starts(propose(question(**{whose: booked}, until=at(19, 30), openings=opening(19, 22)))) == []


@pytest.mark.parametrize(("buffer_minutes", "minutes"), [(0, 15), (5, 10), (10, 5)])
def test_a_call_leaves_the_buffer_before_the_next(buffer_minutes: int, minutes: int) -> None:
    taken = [TerminalFacts("office", taken=[(at(19, 15), at(19, 35))])]
    asked = question(terminals=taken, until=at(19, 30), openings=opening(19, 22), buffer_minutes=buffer_minutes)
    assert (starts(propose(asked)), propose(asked).minutes) == (["23 19:00"], minutes)


def test_a_call_holds_whole_cells() -> None:
    """One that ends at 19:22 holds its cell until 19:25, so a start at 19:22 would touch it."""
    grid = question(slot_minutes=7, buffer_minutes=0, openings=opening(19, 19 + 38 / 60), may_shrink=False)
    assert starts(propose(replace(grid, until=at(22)))) == ["23 19:01"]
    taken = [TerminalFacts("office", taken=[(at(19), at(19, 22))])]
    assert starts(propose(replace(grid, until=at(22), terminals=taken))) == []
    earlier = [TerminalFacts("office", taken=[(at(19), at(19, 20))])]
    assert starts(propose(replace(grid, until=at(22), terminals=earlier))) == ["23 19:22"]
