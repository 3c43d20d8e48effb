"""What somebody wrote freely goes only by gateways that take any words, and is told in the reader's own language."""

from app.notices.words import DeliveryState, NoticeState
from app.storage.database import Database
from tests.notices.conftest import People
from tests.notices.stage import RecordingGateway, StepClock, deliveries, notice_of, plan_one, work_off


def announced(database: Database, people: People) -> str:
    return plan_one(database, people.parent, "a", "announcement", text="明天停电。", place="青石村")


def test_a_gateway_of_approved_texts_is_passed_over(database: Database, clock: StepClock, people: People) -> None:
    strict, free = RecordingGateway(name="strict", templates_only=True), RecordingGateway(name="free")
    notice_id = announced(database, people)
    booked = plan_one(database, people.parent, "b")
    work_off(database, clock, strict, free)
    assert [key for _to, key, _text in strict.taken] == ["b"]
    assert [(key, text) for _to, key, text in free.taken] == [("a", "【家线】青石村通知：明天停电。")]
    assert notice_of(database, notice_id).state is NoticeState.OUT
    assert notice_of(database, booked).state is NoticeState.OUT


def test_where_there_is_no_other_it_fails_at_once(database: Database, clock: StepClock, people: People) -> None:
    strict = RecordingGateway(templates_only=True)
    notice_id = announced(database, people)
    work_off(database, clock, strict)
    assert strict.taken == []
    (delivery,) = deliveries(database, notice_id)
    assert (delivery.state, delivery.error) == (DeliveryState.FAILED, "no_free_text")
