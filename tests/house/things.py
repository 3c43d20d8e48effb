"""What there is of Alice's family, one thing of each kind, for strangers to ask for.

A new kind of thing joins as a field of `Things`, under the name that routes, bodies and events have for its id; what
else a request has to hold stands in `EDGES`.
"""

import base64
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.calls import series
from app.calls.series import SeriesWish
from app.doors.models import Credential
from app.families import recorded_names, schedule, signatures
from app.families import service as families
from app.families.models import Consent
from app.families.schedule import Said
from app.families.words import ConsentKind, Occupation, PatternKind
from app.jobs import service as jobs
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.messages import life, shelf
from app.messages.models import Message
from app.messages.sandbox import Measured
from app.messages.vault import Vault
from app.messages.views import VAULT
from app.notices import service as notices
from app.notices.models import Delivery, Notice
from app.notices.words import DeliveryState, NoticeState
from app.roster import queries as rosters
from app.roster import service as drafting
from app.roster import waits
from app.roster.service import Draft, Line
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.database import new_id
from app.villages import prompts
from app.web import sessions
from app.web.principals import PERSON
from tests.families.pictures import bands, packed
from tests.scene import SEALER, at
from tests.villages.spoken import spoken
from tests.web.open_house import OpenHouse

SPOKEN = spoken(voice=1)  # the sentence as Alice's grandmother said it


@dataclass(frozen=True)
class Things:
    """What there is of Alice's family, under the names that routes, bodies and events have for it."""

    call_id: str
    family_id: str
    person_id: str
    photo_id: str
    delivery_id: str
    row_id: str
    key: str
    child_id: str
    parent_id: str
    starts_at: str
    device_id: str
    invitation_id: str
    terminal_id: str
    consent_id: str
    no_contact_id: str
    closure_id: str
    contact_id: str
    given_by: str
    village_id: str
    pattern_id: str
    wait_id: str
    series_id: str
    roster_id: str
    assignment_id: str
    notice_id: str
    ids: list[str]
    prompt_id: str
    sha256: str
    message_id: str
    upload_id: str
    hearings: list[dict[str, str]]
    recorded_name_id: str
    parent_request_id: str


KEY = "terminal.screen.ring"

EDGES: dict[str, Any] = {
    "edge_px": 96, "reason": "sick", "channel": "card", "number": "+8613800000099", "code": "123456",
    "from": at(19).isoformat(), "until": at(21).isoformat(), "ends_at": at(23).isoformat(), "emblem": "boat",
    "persons": [], "openings": [], "role": "child", "zone": "UTC", "language": "en", "kind": "message",
    "evidence": "paper", "user_code": "12345678", "pictures": ["fish", "fish", "boat", "star"], "name": "Somebody",
    "occupation": "school", "detail": {"weekdays": [0], "from_minute": 480, "until_minute": 960}, "day": "2026-11-24",
    "days": 10, "starts_on": "2026-11-29", "starts_minute": 1080, "rule": "FREQ=WEEKLY",
    "week": "2026-11-30", "version": 2, "text": "No power in the office tomorrow.",
    "recording": base64.b64encode(spoken(voice=2)).decode(), "region": "Bailing",
    "endpoint": "https://push.example/hers", "p256dh": "BA", "auth": "AA",
    "kinship": "mother", "failed": [], "untried": [],
}  # fmt: skip
# Where a word means something else than on most routes.
OF_ROUTE: dict[str, dict[str, Any]] = {"/api/persons/<person_id>/availability": {"kind": "weekly"}}


def things_of_alice(house: OpenHouse) -> Things:
    alice, now = house.scene.alice, house.clock.now()
    call_id = house.scene.book(alice, at(20))
    with house.database.begin() as session:
        prompts.record(session, alice.village, KEY, SPOKEN, now)
        prompt = prompts.record(session, alice.village, "terminal.screen.idle", SPOKEN, now)
        prompts.set_region(session, alice.village, "Yunling", now)
        photo_ids = [
            families.set_photo(session, who, packed(bands(), "JPEG"), now)
            for who in (alice.child, alice.parent, alice.caregiver)
        ]
        recorded_name = recorded_names.keep(session, alice.parent, SPOKEN, now)
        row_id = jobs.put(session, "calls.tick", now, now, subject=f"call:{call_id}", payload={"call_id": call_id})
        session.get_one(DueRow, row_id).state = DueState.DEAD
        notice = Notice(
            id=new_id(session), key="lost", person_id=alice.parent, template="missed_parent", params={},
            subject=f"call:{call_id}", due_at=now, state=NoticeState.OUT, planned_at=now,
        )  # fmt: skip
        session.add(notice)
        session.flush()
        delivery = Delivery(
            id=new_id(session), notice_id=notice.id, number=1, channel="text", state=DeliveryState.FAILED,
            settled_at=now, error="no such number",
        )  # fmt: skip
        session.add(delivery)
    house.parent(alice)  # a second device of hers, whose end would not stop her from asking
    with house.database.read() as session:
        device_id = sessions.devices_of(session, PERSON, alice.parent, now)[0].id
    invitation_id, no_contact_id, closure_id = made_at_the_desk(house)
    consent_id = consent_and_operator(house)
    message_id, upload_id, hearings = message_of(house)
    return Things(
        call_id, alice.family, alice.child, photo_ids[0], delivery.id, row_id, KEY,
        alice.child, alice.parent, at(20, 20).isoformat(), device_id, invitation_id, alice.terminal, consent_id,
        no_contact_id, closure_id, alice.parent, alice.parent, alice.village, hours_of(house, alice.child),
        wait_of(house), series_of(house), *roster_of(house), told_to_desk(house), [text_of(house)],
        message_id=message_id, upload_id=upload_id, hearings=hearings, prompt_id=prompt.id, sha256=prompt.sha256,
        recorded_name_id=recorded_name.id, parent_request_id=asked_parent(house),
    )  # fmt: skip


def told_to_desk(house: OpenHouse) -> str:
    """What Alice's desk was told: the notice's id."""
    alice, now = house.scene.alice, house.clock.now()
    with house.database.begin() as session:
        return notices.plan(
            session, village_id=alice.village, template="gateway_silent", subject="gateway:kannel", key="silent",
            params={"gateway": "kannel", "since_at": now}, due_at=now, now=now,
        )  # fmt: skip


def asked_parent(house: OpenHouse) -> str:
    """The other parent, whom Alice asked for."""
    alice = house.scene.alice
    wanted = {"name": "Wei", "number": "+8613900000098", "kinship": "father", "language": "en"}
    answer = house.parent(alice).command(f"/api/families/{alice.family}/parent_requests", wanted)
    return str(answer.get_json()["requests"][0]["id"])


def text_of(house: OpenHouse) -> str:
    """A text that Alice's child's caregiver wrote to the family."""
    alice, now = house.scene.alice, house.clock.now()
    with house.database.begin() as session:
        text = TextIn(
            id=new_id(session), gateway="simulated", ref="1", sender="+8613800000012", text="Alice, call us",
            sent_at=now, at=now, outcome=Outcome.MESSAGE, person_id=alice.caregiver, family_id=alice.family,
        )  # fmt: skip
        session.add(text)
        return text.id


def message_of(house: OpenHouse) -> tuple[str, str, list[dict[str, str]]]:
    """What Alice said for her child, with a picture: the message, its upload, and a hearing of it."""
    alice, now = house.scene.alice, house.clock.now()
    vault: Vault = house.web.app.extensions[VAULT]
    with house.database.begin() as session:
        for kind in (ConsentKind.MESSAGE, ConsentKind.PHOTO):
            families.give_consent(
                session, child_id=alice.child, contact_id=alice.parent, kind=kind, given_by=alice.parent,
                evidence="paper", from_at=now, now=now,
            )  # fmt: skip
    said = {"key": "what-alice-said", "filetype": "audio/ogg", "child_id": alice.child}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
    headers = {
        "Tus-Resumable": "1.0.0", "Upload-Length": str(len(SPOKEN)), "Upload-Metadata": metadata,
        "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    where = house.parent(alice).ask("POST", "/uploads", headers=headers, data=SPOKEN).headers["Location"]
    photo_id = shelf.put(house.database, house.clock, vault, alice.family, SPOKEN)
    with house.database.begin() as session:
        message_id = session.scalars(select(Message.id).where(Message.family_id == alice.family)).one()
        life.accept(session, message_id, Measured("audio/ogg", 2_000, bytes(96)), photo_id, now)
    hearing = {"message_id": message_id, "key": "heard-by-somebody", "heard_at": now.isoformat()}
    return message_id, where.removeprefix("/uploads/"), [hearing]


def series_of(house: OpenHouse) -> str:
    """Alice's calls on Saturdays."""
    alice = house.scene.alice
    wish = SeriesWish(alice.family, alice.child, alice.parent, date(2026, 11, 28), 1140, "FREQ=WEEKLY")
    with house.database.begin() as session:
        return series.book_series(session, wish, alice.parent_acts, house.clock.now()).id


def roster_of(house: OpenHouse) -> tuple[str, str]:
    """The draft of a week in which Alice has no slot yet; and her row of it."""
    alice, now, week = house.scene.alice, house.clock.now(), date.fromisoformat(EDGES["week"])
    with house.database.begin() as session:
        roster, _is_new = drafting.draft(
            session, village_id=alice.village, week=week, minutes=15, by="coordinator:lee", now=now
        )  # fmt: skip
        line = Line(alice.family, alice.child, alice.parent, 15)
        drafting.settle(session, roster.id, 1, Draft([line], {alice.child: 0}, (), {}), now)
        return roster.id, rosters.assignments(session, roster.id)[0].id


def wait_of(house: OpenHouse) -> str:
    """Alice waits for a slot that gets free: the id of her wish."""
    alice = house.scene.alice
    with house.database.begin() as session:
        waits.ask(
            session, village_id=alice.village, family_id=alice.family, child_id=alice.child, parent_id=alice.parent,
            by=f"person:{alice.parent}", now=house.clock.now(),
        )  # fmt: skip
        return waits.open_of_families(session, [alice.family])[0].id


def hours_of(house: OpenHouse, person_id: str) -> str:
    """School of a child: the id of what is said of its hours."""
    with house.database.begin() as session:
        said = Said(PatternKind.WEEKLY, Occupation.SCHOOL, EDGES["detail"])
        return schedule.add(session, person_id, said, "coordinator:lee", house.clock.now()).id


def made_at_the_desk(house: OpenHouse) -> list[str]:
    """An invitation, a ban on contact and a closure: their ids."""
    alice, desk = house.scene.alice, house.desk(house.scene.alice)
    made = {
        "/api/invitations": {"person_id": alice.child, "channel": "card"},
        "/api/no_contacts": {"child_id": alice.child, "contact_id": alice.caregiver, "reason": "court"},
        "/api/closures": {"starts_at": at(22).isoformat(), "ends_at": at(23).isoformat(), "reason": "flood"},
    }
    return [desk.command(path, body).get_json()["id"] for path, body in made.items()]


def consent_and_operator(house: OpenHouse) -> str:
    """Let Alice's coordinator be an operator; the id of the one consent to calls for Alice's child, signed."""
    alice = house.scene.alice
    with house.database.begin() as session:
        session.add(
            Credential(
                coordinator_id=house.coordinators[alice.village], login="lee", password_hash="", totp="", totp_step=0,
                is_operator=True, changed_at=house.clock.now(),
            )
        )  # fmt: skip
        theirs = select(Consent).where(Consent.child_id == alice.child, Consent.kind == ConsentKind.CALL)
        consent_id = session.scalars(theirs).one().id
        signatures.keep(session, SEALER, consent_id, [[0, 0, 900, 300]], house.clock.now())
        return consent_id
