"""What may be a signature, how it is kept, and when it is gone, on both databases."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from app.doors import housekeeping
from app.families import service, signatures
from app.families.models import Signature
from app.families.rules import FORGOTTEN_AFTER
from app.families.signature_rules import (
    HEIGHT,
    LEAST_INK,
    MOST_PLACES,
    MOST_STROKES,
    WIDTH,
    Strokes,
    check_evidence,
    check_strokes,
)
from app.families.words import ConsentKind, MemberRole
from app.jobs.words import Lane
from app.jobs.worker import Handlers, Worker
from app.kernel.errors import HomethreadError, NotFound
from app.storage.database import Database
from tests.families.conftest import Kin
from tests.groups import ROOT
from tests.scene import SEALER, StepClock

DRAWN = [[100, 200, 300, 80, 500, 320], [600, 200]]
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)


@pytest.mark.parametrize(
    "strokes",
    [
        DRAWN, [[0, 0, LEAST_INK, 0]], [[0, 0, WIDTH, HEIGHT]], [[0, 0, 200, 0], *[[5, 5]] * (MOST_STROKES - 1)],
        [[0, 9, 40, 9] * (MOST_PLACES // 2)],
    ],
    ids=["with a dot", "initials", "from edge to edge", "many strokes", "long"],
)  # fmt: skip
def test_what_somebody_drew_is_taken(strokes: Strokes) -> None:
    check_strokes(strokes)


@pytest.mark.parametrize(
    ("strokes", "code"),
    [
        ([], "bad_signature"), ([[]], "bad_signature"), ([[5, 5]], "bad_signature"),
        ([[0, 0, LEAST_INK - 1, 0]], "bad_signature"), ([[0, 0, 500]], "bad_signature"),
        ([[0, 0, WIDTH + 1, 0]], "bad_signature"), ([[0, 0, 500, HEIGHT + 1]], "bad_signature"),
        ([[-1, 0, 500, 0]], "bad_signature"), ([*DRAWN, []], "bad_signature"),
        ([[0, 0, 200, 0], *[[5, 5]] * MOST_STROKES], "signature_too_large"),
        ([[0, 0, 9, 9] * MOST_PLACES], "signature_too_large"),
    ],
)  # fmt: skip
def test_what_is_no_signature_is_refused(strokes: Strokes, code: str) -> None:
    with pytest.raises(HomethreadError, match=code):
        check_strokes(strokes)


def test_who_signs_on_the_screen_signs_and_nobody_else() -> None:
    for evidence in ("screen", "screen: with the teacher"):
        check_evidence(evidence, DRAWN)
        with pytest.raises(HomethreadError, match="no_signature"):
            check_evidence(evidence, None)
    for evidence in ("paper", "spoken: by phone", "screening"):
        check_evidence(evidence, None)
        with pytest.raises(HomethreadError, match="bad_evidence"):
            check_evidence(evidence, DRAWN)


def signed(session: Session, kin: Kin, now: datetime, until_at: datetime | None = None) -> str:
    """The mother says yes to calls with the father and signs: the consent's id."""
    consent = service.give_consent(
        session, child_id=kin.ming, contact_id=kin.father, kind=ConsentKind.CALL, given_by=kin.mother,
        evidence="screen", from_at=now, until_at=until_at, now=now,
    )  # fmt: skip
    signatures.keep(session, SEALER, consent.id, DRAWN, now)
    return consent.id


def is_kept(database: Database, consent_id: str, at: datetime) -> bool:
    with database.begin() as session:
        signatures.forget(session, at)
        return consent_id in signatures.signed(session, [consent_id])


def test_it_is_shown_again_and_can_be_read_nowhere_else(database: Database, kin: Kin, now: datetime) -> None:
    with database.begin() as session:
        consent_id, other = signed(session, kin, now), signed(session, kin, now)
        assert signatures.get(session, SEALER, consent_id) == (DRAWN, now)
        sealed = session.get_one(Signature, consent_id).sealed
        assert "300" not in bytes.fromhex(sealed).decode("latin-1")
        session.get_one(Signature, other).sealed = sealed
        session.flush()
        with pytest.raises(ValueError, match="sealed"):
            signatures.get(session, SEALER, other)
        with pytest.raises(NotFound):
            signatures.get(session, SEALER, "aaaaaaaaaaaaaaaa")


def test_what_is_no_signature_is_not_kept(database: Database, kin: Kin, now: datetime) -> None:
    with database.begin() as session, pytest.raises(HomethreadError, match="bad_signature"):
        signatures.keep(session, SEALER, signed(session, kin, now), [[5, 5]], now)


def withdrawn(session: Session, _kin: Kin, consent_id: str, at: datetime) -> None:
    service.revoke_consent(session, consent_id, at)


def without_child(session: Session, kin: Kin, _consent_id: str, at: datetime) -> None:
    service.end_membership(session, family_id=kin.wang, person_id=kin.ming, role=MemberRole.CHILD, now=at)


def without_contact(session: Session, kin: Kin, _consent_id: str, at: datetime) -> None:
    service.end_membership(session, family_id=kin.wang, person_id=kin.father, role=MemberRole.PARENT, now=at)


@pytest.mark.parametrize("end", [withdrawn, without_child, without_contact])
def test_it_is_gone_by_the_promised_day(
    database: Database, kin: Kin, now: datetime, end: Callable[[Session, Kin, str, datetime], None]
) -> None:
    with database.begin() as session:
        consent_id = signed(session, kin, now)
    assert is_kept(database, consent_id, now + 400 * DAY), "as long as it holds"
    ended_at = now + 400 * DAY
    with database.begin() as session:
        end(session, kin, consent_id, ended_at)
    assert is_kept(database, consent_id, ended_at + FORGOTTEN_AFTER - TICK)
    assert not is_kept(database, consent_id, ended_at + FORGOTTEN_AFTER)


def test_it_goes_with_a_consent_that_ran_out_while_others_stay(database: Database, kin: Kin, now: datetime) -> None:
    clock = StepClock(now)
    with database.begin() as session:
        short, long = signed(session, kin, now, now + DAY), signed(session, kin, now)
        housekeeping.start(session, now)
    worker = Worker(database, clock, Handlers(steps={housekeeping.KIND: housekeeping.sweep}, errands={}))
    for at, left in ((now, {short, long}), (now + DAY + FORGOTTEN_AFTER, {long})):
        clock.at = at
        worker.run_due(Lane.STEP)
        with database.read() as session:
            assert signatures.signed(session, [short, long]) == left


def test_the_desk_draws_in_the_same_box() -> None:
    script = (ROOT / "static/desk/signing.js").read_text("utf-8")
    assert f"[WIDTH, HEIGHT] = [{WIDTH}, {HEIGHT}];" in script
    assert f"[MOST_STROKES, MOST_PLACES] = [{MOST_STROKES}, {MOST_PLACES:_}];" in script
