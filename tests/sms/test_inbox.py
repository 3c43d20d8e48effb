"""What comes in is kept once, whatever it is made of, and never breaks what keeps it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.jobs.models import DueRow
from app.notices.ports import Arrivals, Inbound, Receipt, ReceiptStatus
from app.sms import inbox
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.database import Database
from tests.sms.stage import ALICE, GRANNY, Stage

NASTY = {
    "ten thousand characters": "好" * 10_000,
    "a hundred thousand": "a" * 100_000,
    "what could not be decoded": "\ufffd\ufffdabc\ufffd",
    "nothing that could be": "\ufffd" * 30,
    "NULs": "1\x00\x00",
    "NULs alone": "\x00" * 5,
    "right to left": "\u202e\u2067evil\u2069",
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈1️⃣",
    "half a character": "hello \ud83d",
    "control characters": "\x01\x02\x1b[31mred\x7f",
    "nothing": "",
    "combining marks": "a" + "\u0301" * 500,
    "a query": "'; DROP TABLE person; --",
}  # fmt: skip
SENDERS = {
    "+8613800000011": "+8613800000011", "8613800000011": "+8613800000011", "13800000011": "+8613800000011",
    "+86 138 0000 0011": "+8613800000011", "008613800000011": "+8613800000011", "10086": None, "95588": None,
    "Homethread": None, "家线": None, "": None, "+": None, "+1": None, "\x00": None, "+8613800000011x9": None,
    "4915112345678": "+4915112345678", "anonymous": None, "٨٦١٣٨٠٠٠٠٠٠١١": "+8613800000011", "0" * 40: None,
    "+" + "9" * 60: None, "1" * 15: None,
}  # fmt: skip


def count(database: Database, of: type[TextIn] | type[DueRow], kind: str | None = None) -> int:
    with database.read() as session:
        rows = select(func.count()).select_from(of)
        return session.scalar(rows.where(DueRow.kind == kind) if kind else rows) or 0


def test_any_text_is_kept_and_followed(stage: Stage) -> None:
    stage.allow_messages(stage.alice)
    for what, text in NASTY.items():
        answered = stage.write(ALICE, text)
        assert answered.outcome is not None, what
        assert len(answered.text.text) <= 10_000, what
        assert "\x00" not in answered.text.text, what


def test_whose_number_a_sender_is(stage: Stage) -> None:
    for sender, number in SENDERS.items():
        answered = stage.write(sender, "0")
        assert answered.text.number == number, sender
        if number is None:
            assert (answered.outcome, answered.notice) == (Outcome.IGNORED, None), sender


def test_a_sender_that_could_be_two_people_is_nobody(stage: Stage) -> None:
    """As it stands it is one's number in another country, and the other's as it is dialled in the village."""
    stage.share(stage.alice.parent, "+8613012345678")
    stage.share(stage.scene.bob.parent, "+13012345678")
    assert stage.write("13012345678", "3").text.number is None


def test_the_same_again_adds_nothing(stage: Stage) -> None:
    for text in ("1", "1", "another text under the same name"):
        stage.receive(ALICE, text, ref="vendor's 7")
    stage.receive(ALICE, "1", ref="vendor's 8")
    assert count(stage.database, TextIn) == 2
    assert count(stage.database, DueRow, "event:TextReceived") == 2


def test_a_text_without_a_name_is_known_by_all_it_says(stage: Stage) -> None:
    for name in ("", "x" * 500, "\x00"):
        arrivals = Arrivals(texts=[Inbound(name, ALICE, "1", stage.now)])
        for _time in range(2):
            inbox.take(stage.database, stage.scene.clock, "simulated", arrivals)
    assert count(stage.database, TextIn) == 3


def test_the_same_from_eight_threads_at_once_is_kept_once(stage: Stage) -> None:
    barrier = Barrier(8)

    def receive(_number: int) -> None:
        barrier.wait()
        stage.receive(GRANNY, "1", ref="one")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(receive, range(8)))
    assert count(stage.database, TextIn) == count(stage.database, DueRow, "event:TextReceived") == 1


def test_receipts_become_due_rows_once(stage: Stage) -> None:
    told = [
        Receipt("abc", None, ReceiptStatus.SENT, stage.now),
        Receipt("abc", None, ReceiptStatus.DELIVERED, stage.now),
        Receipt(None, "our key", ReceiptStatus.FAILED, stage.now, "12"),
        Receipt("x" * 120, None, ReceiptStatus.SENT, stage.now),
    ]
    for _time in range(2):
        inbox.take(stage.database, stage.scene.clock, "simulated", Arrivals(receipts=told))
    assert count(stage.database, DueRow, "notice.receipt") == 4


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sender=st.text(max_size=60), text=st.text(max_size=80), ref=st.text(max_size=140))
def test_nothing_that_comes_in_breaks_anything(stage: Stage, sender: str, text: str, ref: str) -> None:
    arrivals = Arrivals(texts=[Inbound(ref, sender, text, stage.now)])
    inbox.take(stage.database, stage.scene.clock, "simulated", arrivals)
    stage.settle()
    with stage.database.read() as session:
        assert session.scalar(select(func.count()).select_from(TextIn).where(TextIn.outcome.is_(None))) == 0
