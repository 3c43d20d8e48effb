"""What a roster's texts will cost is what they then come to, whoever is told of however many calls."""

from pathlib import Path

import pytest
from sqlalchemy import select

from app import flows
from app.desk import roster_costs
from app.desk.broadcast_shapes import CostShape
from app.families.models import Person
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.kernel.errors import NotFound
from app.kernel.events import EVENT_KINDS
from app.notices.models import Notice
from app.notices.ports import SmsGateway
from app.notices.segments import segments
from app.notices.templates import render
from app.storage.database import Database
from tests.desk.conftest import Desk
from tests.desk.weeks import Weeks, evening
from tests.notices.stage import RecordingGateway
from tests.web.open_house import OpenHouse

GATEWAYS = (RecordingGateway(), RecordingGateway(signature="【乡音桥】", can_receive=True))


@pytest.fixture
def weeks(desk: Desk) -> Weeks:
    return Weeks(desk)


def cost(weeks: Weeks, roster_id: str, gateway: SmsGateway) -> CostShape:
    with weeks.desk.database.read() as session:
        village_id = weeks.desk.scene.alice.village
        return roster_costs.of_draft(session, village_id, roster_id, [gateway], weeks.now)


def told(weeks: Weeks, gateway: SmsGateway) -> list[int]:
    """The segments of each text that publishing planned, to those who have a number."""
    database, clock = weeks.desk.database, weeks.desk.scene.clock
    worker = Worker(
        database, clock, Handlers(steps={f"event:{kind}": flows.follow for kind in EVENT_KINDS}, errands={})
    )
    while worker.run_due(Lane.STEP):
        pass
    found = []
    with database.read() as session:
        for notice in session.scalars(select(Notice).where(Notice.template.startswith("rostered"))):
            reader = session.get_one(Person, notice.person_id)
            says = render(
                notice.template, notice.params, language=reader.language, zone=reader.zone, now=clock.now(), link="",
                can_reply=gateway.can_receive, names_sender=not gateway.signature,
            )  # fmt: skip
            if reader.phone:
                found.append(segments(gateway.signature + says.text))
    return found


def test_it_costs_what_is_then_planned(weeks: Weeks) -> None:
    twin, _other = weeks.family("Twins", children=2)  # one parent, two children
    with weeks.desk.database.begin() as session:
        session.get_one(Person, weeks.desk.scene.bob.parent).language = "zh-CN"
        parent = session.get_one(Person, twin.parent)
        parent.phone, parent.phone_confirmed_at = "+8613800000077", weeks.now
    roster = weeks.arranged()
    before = [cost(weeks, roster, gateway) for gateway in GATEWAYS]
    weeks.publish(roster)
    for shown, gateway in zip(before, GATEWAYS, strict=True):
        planned = told(weeks, gateway)
        assert shown.segments == sum(planned)
        assert shown.segments_each == max(planned)
        assert shown.people - len(shown.unreachable) == len(planned) == 5
        assert shown.unreachable == ["caregiver 0 of Twins"]
        assert (shown.cost, shown.currency, shown.left_this_month) == (shown.segments * 450, "CNY", None)
        after = cost(weeks, roster, gateway)
        assert (after.people, after.segments, after.cost) == (0, 0, 0)


def test_of_a_week_that_is_drafted_again_only_the_news_cost(weeks: Weeks) -> None:
    gateway, scene = RecordingGateway(), weeks.desk.scene
    roster = weeks.arranged()
    weeks.publish(roster)
    again = weeks.redraft(roster)
    weeks.work()
    for whom in (scene.alice, scene.bob):
        for row in [r for r in weeks.shape(again).assignments if r.child.id == whom.child and r.call_id is None]:
            weeks.assign(again, row, None)
    assert cost(weeks, again, gateway).people == 0
    loose = next(r for r in weeks.shape(again).assignments if r.child.id == scene.alice.child and r.call_id is None)
    weeks.assign(again, loose, evening(18, day=4))
    found = cost(weeks, again, gateway)
    assert (found.people, found.segments) == (2, 2), "Alice and her grandmother, once each, of both calls"


def test_a_desk_asks_over_http_and_the_next_village_finds_nothing(database: Database, tmp_path: Path) -> None:
    house = OpenHouse(database, tmp_path)
    desk = house.desk(house.scene.alice)
    roster_id = desk.command("/api/rosters", {"week": "2026-11-30"}).get_json()["id"]
    shown = desk.get(f"/api/rosters/{roster_id}/cost")
    assert shown.get_json() == {
        "people": 0, "segments_each": 0, "segments": 0, "cost": 0, "currency": "CNY", "encoding": "GSM-7",
        "unreachable": [], "left_this_month": None,
    }  # fmt: skip
    assert house.desk(house.scene.charlie).get(f"/api/rosters/{roster_id}/cost").status_code == 404
    with database.read() as session, pytest.raises(NotFound):
        roster_costs.of_draft(session, house.scene.charlie.village, roster_id, GATEWAYS, house.clock.now())
