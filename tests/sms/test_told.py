"""What a number was told since it last wrote, as far as a digit can answer it."""

from datetime import date, timedelta

from sqlalchemy import select, update

from app.calls import series
from app.calls.series import SeriesWish
from app.calls.words import CallState
from app.families import service as families
from app.families.words import MemberRole
from app.notices.models import Attempt, Notice
from app.notices.templates import Param
from app.notices.words import AttemptState, Channel
from app.roster.models import Assignment, Roster
from app.roster.words import Progress, RosterState
from app.sms import speakers, told
from app.sms.conversation import Told
from app.sms.words import Outcome
from app.storage.database import new_id
from tests.scene import at
from tests.sms.stage import ALICE, GRANNY, Stage

TOMORROW, LATER = at(19, day=24), at(19, day=25)


def since(stage: Stage, number: str = GRANNY) -> list[Told]:
    now = stage.scene.clock.step(minutes=1)
    with stage.database.read() as session:
        return told.since(session, speakers.of_number(session, number), None, now)


def calls_told(stage: Stage) -> list[str | None]:
    return [each.about.call_id for each in since(stage)]


def published(stage: Stage, call_ids: list[str]) -> str:
    """A roster with these calls of Alice's family in it."""
    alice = stage.alice
    with stage.database.begin() as session:
        roster = Roster(
            id=new_id(session), village_id=alice.village, week=date(2026, 11, 23), state=RosterState.PUBLISHED,
            progress=Progress.DONE, minutes=15, figures={}, history={}, made_by="coordinator:lee", made_at=stage.now,
            changed_by="coordinator:lee", changed_at=stage.now, published_at=stage.now,
        )  # fmt: skip
        session.add(roster)
        session.flush()
        for place, call_id in enumerate(call_ids):
            session.add(
                Assignment(
                    id=new_id(session), roster_id=roster.id, family_id=alice.family, child_id=alice.child,
                    parent_id=alice.parent, place=place, minutes=15, reasons={}, call_id=call_id,
                )
            )  # fmt: skip
        return roster.id


def test_only_what_left_as_a_text_counts(stage: Stage) -> None:
    first, second = stage.scene.book(stage.alice, TOMORROW), stage.scene.book(stage.alice, LATER)
    stage.texted(stage.alice.caregiver, "reminder_day", f"call:{first}", _params(stage), Channel.PUSH)
    refused = stage.reminded(stage.alice.caregiver, second)
    with stage.database.begin() as session:
        session.execute(update(Attempt).values(state=AttemptState.REFUSED))
    assert calls_told(stage) == []
    with stage.database.begin() as session:
        session.execute(update(Attempt).values(state=AttemptState.UNKNOWN))
        assert session.get_one(Notice, refused).person_id == stage.alice.caregiver
    assert calls_told(stage) == [second], "it may have arrived"


def test_what_can_not_be_answered_does_not_count(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.reminded(stage.alice.caregiver, call_id, "booked")
    stage.reminded(stage.alice.parent, call_id)
    assert calls_told(stage) == []


def test_nor_what_is_long_past_or_over(stage: Stage) -> None:
    call_id = stage.scene.book(stage.alice, TOMORROW)
    stage.reminded(stage.alice.caregiver, call_id)
    assert calls_told(stage) == [call_id]
    stage.write(ALICE, "3")
    assert calls_told(stage) == [], "it is off"
    other = stage.scene.book(stage.alice, at(19, day=29))
    stage.reminded(stage.alice.caregiver, other)
    stage.scene.clock.step(days=2)
    assert calls_told(stage) == []


def test_several_told_in_one_text_are_each_told_of(stage: Stage) -> None:
    first, second = stage.scene.book(stage.alice, TOMORROW), stage.scene.book(stage.alice, LATER)
    digest = stage.texted(stage.alice.caregiver, "digest_no_call", f"person:{stage.alice.caregiver}", {"count": "2"})
    for call_id in (first, second):
        gathered = stage.reminded(stage.alice.caregiver, call_id)
        with stage.database.begin() as session:
            session.get_one(Notice, gathered).told_in_id = digest
    assert sorted(map(str, calls_told(stage))) == sorted([first, second])
    assert stage.write(GRANNY, "1").template == "sms_which_call"


def test_a_roster_with_several_calls_is_confirmed_as_one(stage: Stage) -> None:
    first, second = stage.scene.book(stage.alice, TOMORROW), stage.scene.book(stage.alice, LATER)
    roster_id = published(stage, [first, second])
    params: dict[str, Param] = {**_params(stage), "calls_at": [TOMORROW, LATER]}
    stage.texted(stage.alice.caregiver, "rostered", f"roster:{roster_id}", params)
    assert calls_told(stage) == [first, second]
    assert stage.write(GRANNY, "1").outcome is Outcome.CONFIRMED
    assert stage.told(stage.alice.parent).count("confirmed_by_other") == 2


def test_a_no_to_a_roster_with_several_asks_which(stage: Stage) -> None:
    first, second = stage.scene.book(stage.alice, TOMORROW), stage.scene.book(stage.alice, LATER)
    roster_id = published(stage, [first, second])
    params: dict[str, Param] = {**_params(stage), "calls_at": [TOMORROW, LATER]}
    stage.texted(stage.alice.caregiver, "rostered", f"roster:{roster_id}", params)
    assert stage.write(GRANNY, "3").template == "sms_which_call"
    assert {stage.call(call_id).state for call_id in (first, second)} == {CallState.BOOKED}


def test_a_gap_of_a_series_is_closed_by_a_digit(stage: Stage) -> None:
    alice = stage.alice
    with stage.database.begin() as session:
        wish = SeriesWish(alice.family, alice.child, alice.parent, date(2026, 11, 28), 19 * 60, "FREQ=WEEKLY")
        series_id = series.book_series(session, wish, alice.parent_acts, stage.now).id
    params: dict[str, Param] = {**_params(stage), "starts_at": at(19, day=28), "offers_at": [TOMORROW, LATER]}
    stage.texted(alice.parent, "series_gap", f"series:{series_id}", params)
    answered = stage.write(ALICE, "2")
    assert answered.template == "sms_booked"
    assert stage.call(str(answered.text.call_id)).starts_at == LATER


def test_a_series_of_a_family_that_was_left_is_not_theirs(stage: Stage) -> None:
    alice = stage.alice
    with stage.database.begin() as session:
        wish = SeriesWish(alice.family, alice.child, alice.parent, date(2026, 11, 28), 19 * 60, "FREQ=WEEKLY")
        series_id = series.book_series(session, wish, alice.parent_acts, stage.now).id
    params: dict[str, Param] = {**_params(stage), "starts_at": at(19, day=28), "offers_at": [TOMORROW, LATER]}
    stage.texted(alice.caregiver, "series_gap", f"series:{series_id}", params)
    with stage.database.begin() as session:
        families.end_membership(
            session, family_id=alice.family, person_id=alice.caregiver, role=MemberRole.CAREGIVER, now=stage.now
        )  # fmt: skip
        families.add_member(
            session, family_id=stage.scene.bob.family, person_id=alice.caregiver, role=MemberRole.CAREGIVER,
            now=stage.now,
        )  # fmt: skip
    assert since(stage) == []
    assert stage.write(GRANNY, "2").template == "sms_offers", "of the family that they are in"
    with stage.database.read() as session:
        assert (
            session.scalars(select(Notice).where(Notice.template == "sms_offers")).one().params["child"]
            == "Child of Bob"
        )


def _params(stage: Stage) -> dict[str, Param]:
    tomorrow = stage.now + timedelta(days=1)
    return {"parent": "Alice", "child": "Child of Alice", "place": "Redstone", "starts_at": tomorrow}
