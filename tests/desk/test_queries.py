"""The board, trails and troubles on both databases, and that they end at the village's border."""

import pytest
from sqlalchemy import select

from app.calls.words import CallState, Outcome
from app.desk import queries
from app.desk.shapes import DeskNow, TroubleShape
from app.families.models import Member
from app.families.words import MemberRole
from app.kernel.errors import NotFound
from app.notices import service as notices
from app.notices.models import Delivery, Notice
from app.notices.ports import Arrivals, Inbound
from app.notices.words import DeliveryState, NoticeState
from app.sms import inbox
from app.sms.models import TextIn
from app.storage.database import new_id
from app.villages import service as villages
from app.web import sessions
from app.web.models import PrincipalKind
from app.web.principals import Principal
from tests.desk.conftest import Desk
from tests.scene import NOW, Household, at


def board(desk: Desk, who: Principal) -> DeskNow:
    with desk.database.read() as session:
        return queries.desk_now(session, who, desk.now)


def troubles(desk: Desk, who: Principal) -> list[TroubleShape]:
    with desk.database.read() as session:
        return queries.troubles(session, who.village, desk.now)


def undelivered(desk: Desk, whom: Household, state: DeliveryState = DeliveryState.FAILED) -> str:
    """Plan a text to a parent and let it fail; the delivery's id."""
    with desk.database.begin() as session:
        planned = notices.plan(
            session, person_id=whom.parent, template="cancelled", subject=f"call:{whom.family}", due_at=desk.now,
            key=new_id(session), now=desk.now,
            params={"parent": "P", "child": "C", "place": "V", "starts_at": desk.now, "reason": "sick"},
        )  # fmt: skip
        session.get_one(Notice, planned).state = NoticeState.OUT
        delivery = Delivery(
            id=new_id(session), notice_id=planned, number=1, channel="text", state=state,
            settled_at=desk.now, error="no_such_number",
        )  # fmt: skip
        session.add(delivery)
        return delivery.id


def test_the_board_shows_the_day_of_its_village_alone(desk: Desk) -> None:
    scene = desk.scene
    tonight = scene.book(scene.alice, at(19))
    scene.book(scene.alice, at(19, day=24))
    elsewhere = scene.book(scene.charlie, at(19))
    shown = board(desk, desk.lee)
    assert [call.id for call in shown.calls] == [tonight]
    assert [call.my_side for call in shown.calls] == [None]
    assert [family.id for family in shown.families] == [scene.alice.family, scene.bob.family]
    assert [terminal.id for terminal in shown.terminals] == [scene.alice.terminal]
    assert shown.coordinator.name == "Lee"
    assert [call.id for call in board(desk, desk.mo).calls] == [elsewhere]
    assert [family.id for family in board(desk, desk.mo).families] == [scene.charlie.family]


def test_the_board_shows_what_is_over_and_late_at_night_what_comes(desk: Desk) -> None:
    missed = desk.ended(desk.scene.alice, at(9), Outcome.MISSED, reason="nobody_came")
    desk.scene.clock.at = at(21, 30)
    with desk.database.begin() as session:
        villages.set_openings(session, desk.lee.village, [], desk.now)
    shown = board(desk, desk.lee)
    assert [(call.id, call.state, call.outcome) for call in shown.calls] == [(missed, CallState.ENDED, Outcome.MISSED)]
    assert shown.openings == []
    desk.scene.clock.at = at(23, 30)
    assert [call.id for call in board(desk, desk.lee).calls] == [missed]


def test_members_say_whether_they_have_a_phone_but_not_which(desk: Desk) -> None:
    family = board(desk, desk.lee).families[0]
    assert {member.role: member.has_phone for member in family.members} == {
        "parent": True, "caregiver": True, "child": False
    }  # fmt: skip
    assert "138" not in family.model_dump_json()


def test_a_family_shows_when_it_speaks_next_and_was_last_heard(desk: Desk) -> None:
    alice = desk.scene.alice
    desk.ended(alice, at(9), Outcome.HELD, seconds=60)
    desk.scene.book(alice, at(19, day=25))
    desk.scene.book(alice, at(19, day=24))
    of_alice, of_bob = board(desk, desk.lee).families
    assert (of_alice.next_call_at, of_bob.next_call_at) == (at(19, day=24), None)
    assert {member.role: member.last_heard_at for member in of_alice.members} == {
        "parent": None, "caregiver": None, "child": at(9, 1)
    }  # fmt: skip
    assert {member.last_heard_at for member in of_bob.members} == {None}


def test_the_board_knows_hours_closures_and_which_terminal_answers(desk: Desk) -> None:
    with desk.database.begin() as session:
        villages.add_closure(
            session, desk.lee.village, terminal_id=None, starts_at=at(12), ends_at=at(13), reason="lunch", now=NOW
        )
    shown = board(desk, desk.lee)
    assert [(o.starts_at, o.ends_at) for o in shown.openings] == [(at(8), at(12)), (at(13), at(22))]
    assert [terminal.present for terminal in shown.terminals] == [False]
    with desk.database.begin() as session:
        terminal = desk.scene.alice.terminal
        code = sessions.issue_code(session, PrincipalKind.TERMINAL, terminal, desk.lee.village, "en", NOW)
        device, _token = sessions.enter(session, code, NOW)
        sessions.beat(session, device.id, "home", True, NOW)
    assert [terminal.present for terminal in board(desk, desk.lee).terminals] == [True]


def test_a_trail_tells_who_did_what(desk: Desk) -> None:
    scene = desk.scene
    call_id = scene.book(scene.alice, at(19))
    scene.book(scene.bob, at(20))
    with desk.database.read() as session:
        (booked,) = queries.trail(session, desk.lee, call_id).events
        with pytest.raises(NotFound):
            queries.trail(session, desk.mo, call_id)
    assert (booked.kind, booked.by, booked.at) == ("booked", "Alice", NOW)


def test_a_trail_tells_who_was_told(desk: Desk) -> None:
    call_id = desk.scene.book(desk.scene.alice, at(19))
    with desk.database.begin() as session:
        notices.plan(
            session, person_id=desk.scene.alice.caregiver, template="booked", subject=f"call:{call_id}", due_at=NOW,
            key="k", now=NOW, params={"parent": "P", "child": "C", "place": "V", "starts_at": at(19)},
        )  # fmt: skip
    with desk.database.read() as session:
        (told,) = queries.trail(session, desk.lee, call_id).told
    assert (told.template, told.who, told.state) == ("booked", "Granny of Alice", "planned")


@pytest.mark.parametrize(
    ("channel", "template", "said"),
    [
        ("terminal", "booked", "at_terminal"),
        ("terminal", "missed_village", "untold"),
        ("push", "booked", "pushed"),
        ("text", "booked", "sent"),
    ],
)
def test_a_trail_says_no_text_was_sent_where_there_was_none(
    desk: Desk, channel: str, template: str, said: str
) -> None:  # fmt: skip
    call_id = desk.scene.book(desk.scene.alice, at(19))
    with desk.database.begin() as session:
        notice_id = notices.plan(
            session, person_id=desk.scene.alice.caregiver, template=template, subject=f"call:{call_id}", due_at=NOW,
            key="k", now=NOW,
            params={"parent": "P", "child": "C", "place": "V", "starts_at": at(19), "offers_at": [at(20)]},
        )  # fmt: skip
        session.get_one(Notice, notice_id).state = NoticeState.OUT
        session.add(
            Delivery(
                id=new_id(session), notice_id=notice_id, number=1, channel=channel, state=DeliveryState.SENT,
                settled_at=NOW,
            )
        )  # fmt: skip
    with desk.database.read() as session:
        (told,) = queries.trail(session, desk.lee, call_id).told
    assert told.state == said


def test_troubles_of_one_village_are_not_the_others(desk: Desk) -> None:
    scene = desk.scene
    row = desk.dead(f"call:{scene.book(scene.alice, at(19))}")
    other = desk.dead(None, call_id=scene.book(scene.charlie, at(19)))
    desk.dead(None)
    scene.clock.step(minutes=1)
    delivery = undelivered(desk, scene.alice)
    assert [(t.kind, t.id) for t in troubles(desk, desk.lee)] == [("delivery", delivery), ("dead_row", row)]
    assert [(t.kind, t.id) for t in troubles(desk, desk.mo)] == [("dead_row", other)]


def test_a_text_that_nobody_could_follow_is_seen_by_its_writers_village(desk: Desk) -> None:
    arrivals = Arrivals(texts=[Inbound("in", "+8613800000012", "1", desk.now)])
    inbox.take(desk.database, desk.scene.clock, "simulated", arrivals)
    with desk.database.begin() as session:
        text_id = session.scalars(select(TextIn.id)).one()
    row = desk.dead(None, text_id=text_id)
    assert [t.id for t in troubles(desk, desk.lee)] == [row]
    assert troubles(desk, desk.mo) == []


def test_a_notice_that_was_given_up_is_seen_by_its_village(desk: Desk) -> None:
    with desk.database.begin() as session:
        notice_id = notices.plan(
            session, person_id=desk.scene.alice.caregiver, family_id=desk.scene.alice.family, template="series_ended",
            subject="series:s", due_at=NOW, key="k", now=NOW, params={"parent": "P", "child": "C"},
        )  # fmt: skip
    row = desk.dead("series:s", notice=notice_id)
    told = desk.dead(None, notice_id="a digest to be", person_id=desk.scene.alice.caregiver)
    assert {t.id for t in troubles(desk, desk.lee)} == {row, told}
    assert troubles(desk, desk.mo) == []


def test_who_is_of_two_villages_has_their_troubles_apart(desk: Desk) -> None:
    scene = desk.scene
    with desk.database.begin() as session:
        session.add(
            Member(
                id=new_id(session), family_id=scene.charlie.family, person_id=scene.alice.parent, role=MemberRole.PARENT
            )
        )
    delivery = undelivered(desk, scene.alice)
    with desk.database.begin() as session:
        notice = session.get_one(Notice, session.get_one(Delivery, delivery).notice_id)
        notice.village_id = scene.alice.village
    assert [t.id for t in troubles(desk, desk.lee)] == [delivery]
    assert troubles(desk, desk.mo) == []


def test_a_trouble_says_whom_it_concerns_and_quotes_nothing(desk: Desk) -> None:
    call_id = desk.scene.book(desk.scene.bob, at(19))
    desk.dead(f"call:{call_id}", "IntegrityError: [parameters: ('Bob',)]")
    undelivered(desk, desk.scene.alice, DeliveryState.UNKNOWN)
    by_kind = {trouble.kind: trouble for trouble in troubles(desk, desk.lee)}
    assert (by_kind["delivery"].who, by_kind["delivery"].what) == ("Alice", "cancelled")
    assert (by_kind["dead_row"].error, by_kind["dead_row"].call_id) == ("IntegrityError", call_id)


def test_old_troubles_are_let_go(desk: Desk) -> None:
    undelivered(desk, desk.scene.alice)
    desk.scene.clock.step(days=2, seconds=1)
    assert troubles(desk, desk.lee) == []


def test_a_dead_row_of_another_village_is_not_found(desk: Desk) -> None:
    row = desk.dead(f"call:{desk.scene.book(desk.scene.alice, at(19))}")
    with desk.database.read() as session:
        assert queries.dead_row_of(session, desk.lee.village, row).id == row
        for village, asked in ((desk.mo.village, row), (desk.lee.village, "nothing")):
            with pytest.raises(NotFound):
                queries.dead_row_of(session, village, asked)
