"""What is said where no slot fits, and which compromise, as tables."""

from datetime import date
from typing import Any

import pytest

from app.calls.ground import PersonFacts, TerminalFacts
from app.calls.proposals import Answer, propose
from app.families.words import Occupation
from app.kernel.local_time import wall_of
from tests.calls.questions import WORKDAYS, away, opening, person, question, weekly
from tests.scene import NOW, ZONE, at

SHIFT, SCHOOL = weekly(Occupation.SHIFT, 8, 22), weekly(Occupation.SCHOOL, 8, 22)
BOARDING, BEDTIME = weekly(Occupation.BOARDING, 0, 24), weekly(Occupation.BEDTIME, 17, 7)
HARVEST, MORNINGS = weekly(Occupation.HARVEST, 0, 24), weekly(Occupation.OTHER, 6, 8, is_free=True)
TRIP = away(date(2026, 11, 1), date(2026, 12, 31))
ALWAYS = [(at(0, day=22), at(0, day=22).replace(year=2027))]


def told(answer: Answer) -> dict[str, float]:
    assert not answer.proposals
    return {each.code.value: each.share for each in answer.obstacles}


def compromise(answer: Answer) -> tuple[str, list[str]] | None:
    found = answer.compromise
    if found is None:
        return None
    return f"{wall_of(found.starts_at, ZONE):%d %H:%M}", [code.value for code in found.conflicts]


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"parent": person(SHIFT)}, "parent_at_work"),
        ({"parent": person(TRIP)}, "parent_away"),
        ({"parent": person(TRIP, SHIFT)}, "parent_away"),
        ({"parent": person(HARVEST)}, "parent_busy"),
        ({"parent": person(MORNINGS)}, "parent_busy"),
        ({"child": person(SCHOOL)}, "child_at_school"),
        ({"child": person(BOARDING)}, "child_at_school"),
        ({"child": person(BEDTIME)}, "child_asleep"),
        ({"child": person(TRIP)}, "child_away"),
        ({"child": person(MORNINGS)}, "child_busy"),
        ({"caregivers": [person(HARVEST), person(TRIP)]}, "caregiver_away"),
    ],
)
def test_what_stands_against_every_slot_can_be_settled(known: dict[str, Any], code: str) -> None:
    answer = propose(question(**known, openings=opening(17, 22)))
    assert told(answer) == {code: 1.0}
    assert compromise(answer) == ("23 18:00", [code])


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"openings": []}, "village_closed"),
        ({"openings": opening(8, 12), "until": at(22)}, "village_closed"),
        ({"terminals": []}, "village_closed"),
        ({"terminals": [TerminalFacts("office", closed=ALWAYS)]}, "village_closed"),
        ({"terminals": [TerminalFacts("office", taken=ALWAYS)]}, "terminals_taken"),
        ({"parent": PersonFacts(ZONE, taken=ALWAYS)}, "parent_in_call"),
        ({"child": PersonFacts(ZONE, taken=ALWAYS)}, "child_in_call"),
        ({"allowed_until": NOW}, "no_consent"),
    ],
)
def test_what_is_settled_leaves_no_compromise(known: dict[str, Any], code: str) -> None:
    answer = propose(question(**known))
    assert told(answer) == {code: 1.0}
    assert compromise(answer) is None


def test_shares_are_of_the_slots_of_ordinary_hours() -> None:
    """Of the eight starts between 18:00 and 20:00 a closure takes two, a call of somebody three; she works in all."""
    office = TerminalFacts("office", closed=[(at(18), at(18, 30))], taken=[(at(19), at(19, 20))])
    answer = propose(question(terminals=[office], parent=person(SHIFT), openings=opening(18, 20), until=at(20)))
    assert list(told(answer).items()) == [
        ("parent_at_work", 1.0), ("terminals_taken", 0.375), ("village_closed", 0.25),
    ]  # fmt: skip
    assert compromise(answer) == ("23 18:30", ["parent_at_work"])


class TestTheCompromise:
    def test_asks_the_least_then_the_soonest(self) -> None:
        working = weekly(Occupation.SHIFT, 8, 22, *WORKDAYS)
        weekend = weekly(Occupation.MARKET, 0, 24, 5, 6)
        answer = propose(question(parent=person(working), caregivers=[person(weekend)]))
        assert compromise(answer) == ("28 08:00", ["caregiver_away"]), "another one may bring the child; a shift stands"

    def test_of_as_light_ones_the_first(self) -> None:
        answer = propose(question(parent=person(SHIFT)))
        assert compromise(answer) == ("23 18:00", ["parent_at_work"])

    def test_names_all_that_stands_against_it(self) -> None:
        answer = propose(question(parent=person(SHIFT), child=person(BEDTIME), openings=opening(17, 22)))
        assert compromise(answer) == ("23 18:00", ["parent_at_work", "child_asleep"])

    def test_is_as_long_as_was_asked_for(self) -> None:
        found = propose(question(parent=person(SHIFT), minutes=30)).compromise
        assert found is not None
        assert (found.ends_at - found.starts_at).total_seconds() == 1800

    def test_is_on_a_terminal_that_is_free(self) -> None:
        both = [TerminalFacts("office", taken=ALWAYS), TerminalFacts("school")]
        found = propose(question(parent=person(SHIFT), terminals=both)).compromise
        assert found is not None
        assert found.terminal_id == "school"
