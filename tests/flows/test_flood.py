"""A storm of changes makes few texts; desks learn of silent gateways; what fails is asked of others at once."""

from datetime import timedelta

from sqlalchemy import select

from app.calls import booking
from app.desk import waiting
from app.jobs import service as jobs
from app.kernel.events import GatewayBack, GatewaySilent
from app.kernel.numbers import E164
from app.notices import queries as notices
from app.notices.models import Notice, StoppedNumber
from app.notices.words import NoticeState
from tests.flows.conftest import Evening
from tests.scene import Household, at

GRANNY = E164("+8613800000012")


def storm(evening: Evening, changes: int = 20) -> list[str]:
    """Alice books and cancels calls of the next days, a change every ten seconds; the calls."""
    scene, made = evening.scene, list[str]()
    for number in range(changes):
        if number % 2:
            with scene.database.begin() as session:
                booking.cancel(session, made[-1], scene.alice.parent_acts, "sick", None, scene.clock.now())
        else:
            made.append(scene.book(scene.alice, at(9 + number // 2, day=26)))
        evening.settle()
        scene.clock.step(seconds=10)
    return made


def test_a_storm_of_twenty_changes_makes_four_texts(evening: Evening) -> None:
    scene = evening.scene
    stands = scene.book(scene.alice, at(19, day=25), waiting.NOBODY)
    evening.settle()
    evening.until(at(18, 20))
    storm(evening)
    assert evening.templates(scene.alice.caregiver) == ["booked", "booked", "cancelled", "booked"]
    evening.until(at(18, 40))
    assert evening.templates(scene.alice.caregiver)[4:] == ["digest"]
    said = evening.phones.texts(GRANNY)[-1].text
    assert "9 messages" in said, "of what was booked and is off again only the end is told"
    assert "19:00" in said, "the next call is the one that stands"
    with scene.database.read() as session:
        told = session.scalars(select(Notice).where(Notice.told_in_id.is_not(None))).all()
        digest = session.get_one(Notice, told[0].told_in_id)
    assert [each.template for each in told] == ["cancelled"] * 9
    assert (digest.template, digest.state, digest.family_id) == ("digest", NoticeState.OUT, scene.alice.family)
    assert scene.call(stands).ended_at is None


def test_a_digest_without_any_call_ahead_says_so(evening: Evening) -> None:
    storm(evening)
    evening.until(at(18, 20))
    assert evening.templates(evening.scene.alice.caregiver)[3:] == ["digest_no_call"]


def test_a_ring_comes_through_a_storm(evening: Evening) -> None:
    scene = evening.scene
    call_id = scene.book(scene.alice, at(18, 15))
    evening.until(at(18, 12))
    storm(evening, changes=10)
    evening.until(at(18, 14) + timedelta(seconds=50))
    evening.take(call_id, scene.alice.as_parent)
    evening.until(at(18, 15))
    assert evening.templates(scene.alice.caregiver)[-1] == "ring_village"
    with scene.database.read() as session:
        held = session.scalars(select(Notice).where(Notice.held_until > scene.clock.now())).all()
    assert held, "others wait meanwhile"


def at_desk(evening: Evening, whom: Household) -> list[str]:
    with evening.scene.database.read() as session:
        listed = notices.desk_notices(session, whom.village, evening.scene.clock.now())
        return [notice.template for notice in listed]


def happened(evening: Evening, event: GatewaySilent | GatewayBack) -> None:
    with evening.scene.database.begin() as session:
        jobs.emit(session, event, event.at)
    evening.settle()


def test_every_desk_is_told_once_of_a_silent_gateway_until_it_is_back(evening: Evening) -> None:
    scene, since = evening.scene, evening.scene.clock.now()
    for _ in range(2):
        happened(evening, GatewaySilent(since, "kannel"))
    assert [at_desk(evening, whom) for whom in (scene.alice, scene.charlie)] == [["gateway_silent"]] * 2
    happened(evening, GatewaySilent(since, "modem"))
    now = scene.clock.step(minutes=12)
    happened(evening, GatewayBack(now, "kannel", since))
    with scene.database.read() as session:
        (left,) = notices.desk_notices(session, scene.alice.village, now)
    assert left.params["gateway"] == "modem"
    happened(evening, GatewaySilent(now, "kannel"))
    assert at_desk(evening, scene.charlie) == ["gateway_silent"] * 2, "silent again is told again"


def test_who_wants_no_texts_is_not_waited_for(evening: Evening) -> None:
    """A proposal that can't be texted stands at the terminal; six hours later the desk is asked."""
    scene = evening.scene
    with scene.database.begin() as session:
        session.add(StoppedNumber(number=GRANNY, stopped_at=scene.clock.now()))
    scene.book(scene.alice, at(19, day=25), is_proposal=True)
    evening.until(at(8, day=24))
    assert evening.phones.texts(GRANNY) == []
    assert at_desk(evening, scene.alice) == ["unreached"]
