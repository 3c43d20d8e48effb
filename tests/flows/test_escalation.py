"""Who is asked instead when somebody does not answer: the other caregiver, then the desk; and what ends the asking."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.calls import booking
from app.calls.booking import Actor
from app.calls.words import CallState, Origin, Side
from app.desk import service as desk
from app.desk import told, waiting
from app.families import service as families
from app.families.models import Person
from app.families.words import MemberRole
from app.jobs import service as jobs
from app.kernel.events import NoticeFailed
from app.kernel.local_time import wall_of
from app.kernel.numbers import E164
from app.notices import deciding
from app.notices import queries as notices
from app.notices.models import Notice, StoppedNumber
from app.web.principals import COORDINATOR, Principal
from tests.flows.conftest import Evening
from tests.scene import ZONE, at


@dataclass
class House:
    """Alice's family with an uncle besides granny, of whom granny brought the child the last times."""

    evening: Evening
    uncle: str

    @property
    def granny(self) -> str:
        return self.evening.scene.alice.caregiver

    def texts(self, person_id: str, template: str) -> list[datetime]:
        """When texts of a kind came to somebody's phone."""
        with self.evening.scene.database.read() as session:
            number = session.get_one(Person, person_id).phone
        assert number is not None
        got = self.evening.phones.texts(E164(number))
        return [text.at for text in got if text.template.removesuffix("_reply") == template]

    def at_desk(self) -> list[tuple[str, datetime]]:
        """What the desk of the village was told and nobody has closed."""
        scene = self.evening.scene
        with scene.database.read() as session:
            return [
                (notice.template, notice.due_at)
                for notice in notices.desk_notices(session, scene.alice.village, scene.clock.now())
            ]

    def wait(self, until: datetime, *, here: bool = True) -> None:
        """Let time pass, the parent staying in the call."""
        scene = self.evening.scene
        while scene.clock.now() < until:
            scene.clock.step(seconds=15)
            if here:
                self.evening.beat(scene.alice.as_parent)
            self.evening.settle()


@pytest.fixture
def house(evening: Evening) -> House:
    scene = evening.scene
    with scene.database.begin() as session:
        uncle = families.add_person(
            session, name="Uncle", zone=ZONE, language="en", phone="+8613800000019", confirmed_at=scene.clock.now()
        )  # fmt: skip
        families.add_member(
            session, family_id=scene.alice.family, person_id=uncle.id, role=MemberRole.CAREGIVER, now=scene.clock.now()
        )  # fmt: skip
    return House(evening, uncle.id)


def acts(person_id: str) -> Actor:
    return Actor(f"person:{person_id}", Side.VILLAGE)


def confirm(house: House, call_id: str, by: Actor) -> None:
    with house.evening.scene.database.begin() as session:
        booking.confirm(session, call_id, by, house.evening.scene.clock.now())


def ringing(house: House, *, confirmed_by: str | None = None) -> str:
    """A call at which the parent waits alone, as it begins to ring."""
    scene = house.evening.scene
    call_id = scene.book(scene.alice, at(19, day=25))
    if confirmed_by is not None:
        confirm(house, call_id, acts(confirmed_by))
    house.evening.until(at(18, 59, day=25) + timedelta(seconds=50))
    house.evening.take(call_id, scene.alice.as_parent)
    house.wait(at(19, day=25) + timedelta(seconds=15))
    return call_id


@pytest.mark.parametrize("first", ["granny", "uncle"])
def test_it_rings_who_usually_comes_then_the_other_and_then_the_desk(house: House, first: str) -> None:
    """Who said that they come is asked before who did not; at three minutes the other, at six the desk."""
    alice = house.evening.scene.alice
    who, other = (house.granny, house.uncle) if first == "granny" else (house.uncle, house.granny)
    ringing(house, confirmed_by=who)
    assert len(house.texts(who, "ring_village")) == 1
    assert house.texts(other, "ring_village") == []
    house.wait(at(19, 3, day=25) + timedelta(seconds=15))
    (asked,) = house.texts(other, "unanswered_caregiver")
    assert at(19, 3, day=25) <= asked <= at(19, 3, day=25) + timedelta(seconds=15)
    assert house.texts(who, "unanswered_caregiver") == []
    assert house.at_desk() == []
    house.wait(at(19, 6, day=25) + timedelta(seconds=30))
    ((template, due_at),) = house.at_desk()
    assert template == "unreached"
    assert at(19, 6, day=25) <= due_at <= at(19, 6, day=25) + timedelta(seconds=30)
    assert house.texts(alice.parent, "ring_parent") == []


def test_what_rings_is_over_for_everybody_when_the_child_comes(house: House) -> None:
    call_id = ringing(house)
    house.wait(at(19, 3, day=25) + timedelta(seconds=15))
    house.evening.take(call_id, house.evening.scene.alice.as_terminal)
    house.wait(at(19, 7, day=25))
    assert house.at_desk() == []


def test_the_desk_forgets_who_was_unreached_when_the_call_is_over(house: House) -> None:
    call_id = ringing(house)
    house.wait(at(19, 7, day=25))
    assert [template for template, _at in house.at_desk()] == ["unreached"]
    house.wait(at(19, 10, day=25) + timedelta(seconds=30))
    assert house.evening.scene.call(call_id).state is CallState.ENDED
    assert house.at_desk() == []


def test_a_proposal_that_nobody_answers_comes_to_the_desk_and_not_at_night(house: House) -> None:
    scene = house.evening.scene
    call_id = scene.book(scene.alice, at(19, day=25), is_proposal=True)  # at 18:00: six hours later it is midnight
    house.evening.until(at(6, 59, day=24))
    assert house.at_desk() == []
    house.evening.until(at(7, day=24))
    assert [template for template, _at in house.at_desk()] == ["unreached"]
    confirm(house, call_id, acts(house.granny))
    house.evening.settle()
    assert house.at_desk() == [], "it was answered after all"


def test_a_village_says_when_others_are_asked(house: House) -> None:
    scene = house.evening.scene
    with scene.database.begin() as session:
        deciding.choose(session, scene.alice.village, "proposed", {"escalate_minutes": 45})
    scene.book(scene.alice, at(19, day=25), is_proposal=True)
    house.evening.until(at(18, 44))
    assert house.at_desk() == []
    house.evening.until(at(18, 45))
    assert [wall_of(due_at, ZONE).strftime("%H:%M") for _template, due_at in house.at_desk()] == ["18:45"]


@pytest.mark.parametrize("does", ["confirm", "decline", "move", "cancel"])
def test_what_is_answered_is_never_asked_of_others(house: House, does: str) -> None:
    scene = house.evening.scene
    call_id = scene.book(scene.alice, at(19, day=25), is_proposal=True)
    house.evening.until(at(19))
    with scene.database.begin() as session:
        now = scene.clock.now()
        if does == "confirm":
            booking.confirm(session, call_id, acts(house.granny), now)
        elif does == "decline":
            booking.decline(session, call_id, acts(house.granny), now)
        elif does == "move":
            moved = booking.move(session, call_id, at(20, day=25), scene.alice.parent_acts, now)
            booking.confirm(session, moved.id, acts(house.uncle), now)
        else:
            booking.cancel(session, call_id, scene.alice.parent_acts, "sick", None, now)
    house.evening.until(at(12, day=24))
    assert house.at_desk() == []


def test_a_call_that_nobody_confirms_comes_to_the_desk_before_it_is_let_go(house: House) -> None:
    scene = house.evening.scene
    wish = replace(scene.alice.wish(at(19, day=25)), origin=Origin.ROSTER, confirm_by=at(14, day=25))
    with scene.database.begin() as session:
        booking.book(session, wish, waiting.NOBODY, scene.clock.now())
    house.evening.until(at(11, 59, day=25))
    assert len(house.texts(house.granny, "chase")) == len(house.texts(house.uncle, "chase")) == 1
    assert house.at_desk() == []
    house.evening.until(at(12, day=25))
    assert [template for template, _at in house.at_desk()] == ["unreached"]
    house.evening.until(at(14, day=25))
    assert house.at_desk() == [], "it was let go"


def test_who_has_no_number_is_not_rung_first(house: House) -> None:
    with house.evening.scene.database.begin() as session:
        session.get_one(Person, house.granny).phone_confirmed_at = None
    ringing(house, confirmed_by=house.granny)
    assert len(house.texts(house.uncle, "ring_village")) == 1


def test_who_wants_no_texts_is_not_rung_first(house: House) -> None:
    with house.evening.scene.database.begin() as session:
        session.add(StoppedNumber(number="+8613800000012", stopped_at=house.evening.scene.clock.now()))
    ringing(house, confirmed_by=house.granny)
    assert len(house.texts(house.uncle, "ring_village")) == 1


def failed(house: House, template: str) -> None:
    """Let it be known that what was sent to granny was not delivered."""
    scene = house.evening.scene
    with scene.database.begin() as session:
        notice = session.scalars(select(Notice).where(Notice.template == template)).one()
        assert notice.person_id == house.granny
        jobs.emit(session, NoticeFailed(scene.clock.now(), notice.id), scene.clock.now())
    house.evening.settle()


def test_a_ring_that_fails_goes_to_the_other_at_once(house: House) -> None:
    ringing(house, confirmed_by=house.granny)
    failed(house, "ring_village")
    assert len(house.texts(house.uncle, "ring_village")) == 1
    house.wait(at(19, 3, day=25) + timedelta(seconds=15))
    assert len(house.texts(house.granny, "unanswered_caregiver")) == 1, "all were rung: they are asked once more"


def test_news_that_fails_is_asked_of_nobody_else(house: House) -> None:
    scene = house.evening.scene
    scene.book(scene.alice, at(19, day=25), Actor(f"person:{house.uncle}", Side.VILLAGE))
    scene.book(scene.alice, at(20, day=26), Actor(f"person:{house.uncle}", Side.VILLAGE))
    house.evening.settle()
    with scene.database.begin() as session:
        for notice in session.scalars(select(Notice).where(Notice.template == "booked")):
            jobs.emit(session, NoticeFailed(scene.clock.now(), notice.id), scene.clock.now())
    before = len(house.evening.templates(house.granny))
    house.evening.settle()
    assert house.at_desk() == []
    assert len(house.evening.templates(house.granny)) == before


def test_the_coordinator_has_seen_to_it(house: House) -> None:
    scene = house.evening.scene
    ringing(house)
    house.wait(at(19, 7, day=25))
    with scene.database.begin() as session:
        lee = desk.add_coordinator(session, scene.alice.village, "Lee", "en", scene.clock.now())
        who = Principal(COORDINATOR, lee.id, scene.alice.village, "desk", "en")
        (shown,) = told.shown(session, who, scene.clock.now()).notices
        desk.close_notice(session, who, shown.id, scene.clock.now())
    assert "has not answered" in shown.text
    assert house.at_desk() == []
