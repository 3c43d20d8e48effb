"""Consent given, revoked, beaten and asked for, on both databases."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.families import queries, service
from app.families.models import Consent
from app.families.words import ConsentKind
from app.jobs.models import DueRow
from app.kernel import events
from app.kernel.errors import Invalid, NotFound, Refused
from app.storage.database import Database
from app.web.models import Change
from tests.families.conftest import PARENT, Kin

CALL, PHOTO = ConsentKind.CALL, ConsentKind.PHOTO
TICK, DAY = timedelta(microseconds=1), timedelta(days=1)
NOBODY = "aaaaaaaaaaaaaaaa"


def consent(session: Session, kin: Kin, now: datetime, **other: Any) -> Consent:
    """The mother says yes to calls with the father, from now on, on paper, unless something else is said."""
    given: dict[str, Any] = {
        "child_id": kin.ming, "contact_id": kin.father, "kind": CALL, "given_by": kin.mother, "evidence": "paper",
        "from_at": now, "now": now,
    }  # fmt: skip
    return service.give_consent(session, **(given | other))


def objection(database: Database, kin: Kin, now: datetime, contact_id: str | None = None) -> str | None:
    with database.read() as session:
        try:
            service.may_contact(session, CALL, kin.ming, contact_id or kin.father, now)
        except Refused as refused:
            return refused.code
    return None


class TestConsent:
    def test_holds_from_its_first_instant_until_just_before_its_last(
        self, database: Database, kin: Kin, now: datetime
    ) -> None:
        until = now + DAY
        with database.begin() as session:
            consent(session, kin, now, until_at=until)
        around = [now - TICK, now, until - TICK, until]
        assert [objection(database, kin, at) for at in around] == ["no_consent", None, None, "consent_ended"]

    def test_is_for_one_contact_and_one_kind(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            consent(session, kin, now)
            with pytest.raises(Refused, match="no_consent"):
                service.may_contact(session, PHOTO, kin.ming, kin.father, now)
            with pytest.raises(Refused, match="no_consent"):
                service.may_contact(session, CALL, kin.ming, kin.mother, now)
            with pytest.raises(Refused, match="no_consent"):
                service.may_contact(session, CALL, kin.father, kin.ming, now)

    def test_a_parent_may_give_it_for_oneself_and_for_kin(self, database: Database, kin: Kin, now: datetime) -> None:
        for contact in (kin.mother, kin.father, kin.grandmother):
            with database.begin() as session:
                consent(session, kin, now, contact_id=contact)
            assert objection(database, kin, now, contact) is None

    def test_only_a_parent_of_that_child_gives_it(self, database: Database, kin: Kin, now: datetime) -> None:
        for somebody in (kin.grandmother, kin.ming, kin.li_mother, NOBODY):
            with database.begin() as session, pytest.raises(Refused, match="not_a_guardian"):
                consent(session, kin, now, given_by=somebody)
        with database.begin() as session, pytest.raises(Refused, match="not_a_guardian"):
            consent(session, kin, now, child_id=kin.juan, given_by=kin.father)  # of the same mother, elsewhere
        assert objection(database, kin, now) == "no_consent"

    def test_a_parent_who_left_gives_none(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            service.end_membership(session, family_id=kin.wang, person_id=kin.mother, role=PARENT, now=now)
        with database.begin() as session, pytest.raises(Refused, match="not_a_guardian"):
            consent(session, kin, now)

    def test_a_contact_is_kin(self, database: Database, kin: Kin, now: datetime) -> None:
        for stranger in (kin.li_mother, NOBODY):
            with database.begin() as session, pytest.raises(NotFound):
                consent(session, kin, now, contact_id=stranger)

    @pytest.mark.parametrize(
        ("wrong", "code"), [({"until_at": timedelta()}, "ends_before_start"), ({"evidence": " "}, "bad_evidence")]
    )
    def test_what_is_wrong_is_refused(
        self, database: Database, kin: Kin, now: datetime, wrong: dict[str, Any], code: str
    ) -> None:
        other = {name: now + value if isinstance(value, timedelta) else value for name, value in wrong.items()}
        with database.begin() as session, pytest.raises(Invalid, match=code):
            consent(session, kin, now, **other)

    def test_revoked_it_ends_at_once_and_what_follows_is_due(self, database: Database, kin: Kin, now: datetime) -> None:
        later = now + DAY
        with database.begin() as session:
            given = consent(session, kin, now)
            consent(session, kin, now, kind=PHOTO)
        with database.begin() as session:
            service.revoke_consent(session, given.id, later)
        assert [objection(database, kin, at) for at in (later - TICK, later)] == [None, "consent_ended"]
        with database.begin() as session:
            service.may_contact(session, PHOTO, kin.ming, kin.father, later)
            with pytest.raises(Refused, match="consent_ended"):
                service.revoke_consent(session, given.id, later)
        assert _due(database) == [events.ConsentRevoked(later, given.id, kin.ming, kin.father)]

    def test_given_again_it_holds_again(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            service.revoke_consent(session, consent(session, kin, now).id, now)
            consent(session, kin, now)
        assert objection(database, kin, now) is None
        with database.read() as session:
            assert len(queries.consents_of_child(session, kin.ming)) == 2


class TestNoContact:
    def test_beats_every_consent_until_it_is_lifted(self, database: Database, kin: Kin, now: datetime) -> None:
        lifted = now + DAY
        with database.begin() as session:
            given = [consent(session, kin, now - DAY), consent(session, kin, now - DAY, kind=PHOTO)]
            consent(session, kin, now - DAY, contact_id=kin.mother)
            service.revoke_consent(session, consent(session, kin, now - DAY).id, now - DAY)
            session.execute(delete(DueRow))
            ban = service.set_no_contact(
                session, child_id=kin.ming, contact_id=kin.father, reason="court, 2026/17", now=now
            )
        assert [objection(database, kin, at) for at in (now - TICK, now)] == [None, "no_contact"]
        assert objection(database, kin, now, kin.mother) is None
        expected = {events.ConsentRevoked(now, one.id, kin.ming, kin.father) for one in given}
        assert set(_due(database)) == expected
        with database.begin() as session:
            service.lift_no_contact(session, ban.id, lifted)
            with pytest.raises(Refused, match="already_lifted"):
                service.lift_no_contact(session, ban.id, lifted)
        assert [objection(database, kin, at) for at in (lifted - TICK, lifted)] == ["no_contact", None]

    def test_who_is_not_there(self, database: Database, kin: Kin, now: datetime) -> None:
        with database.begin() as session:
            for child, contact in ((NOBODY, kin.father), (kin.ming, NOBODY)):
                with pytest.raises(NotFound):
                    service.set_no_contact(session, child_id=child, contact_id=contact, reason="court", now=now)
            with pytest.raises(NotFound):
                service.lift_no_contact(session, NOBODY, now)
            with pytest.raises(NotFound):
                service.revoke_consent(session, NOBODY, now)
            with pytest.raises(Invalid, match="bad_reason"):
                service.set_no_contact(session, child_id=kin.ming, contact_id=kin.father, reason="", now=now)


def test_what_is_allowed_is_told_to_both_sides(database: Database, kin: Kin, now: datetime) -> None:
    with database.begin() as session:
        session.execute(delete(Change))
        consent(session, kin, now)
    with database.read() as session:
        told = {(change.topic, change.subject_id) for change in session.scalars(select(Change))}
    assert {("person", kin.father), ("person", kin.mother), ("village", kin.village)} <= told
    assert ("person", kin.li_mother) not in told


def _due(database: Database) -> list[events.Event]:
    """What is due but that they all came into their families."""
    with database.read() as session:
        rows = session.scalars(select(DueRow).where(DueRow.kind != "event:MemberJoined")).all()
        return [events.from_payload(row.kind.removeprefix("event:"), row.payload) for row in rows]
