"""The desk of one village, and every command that its coordinator can give: what the audit has to say of each."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select

from app.desk.models import AuditEntry
from app.families.models import PicturePin
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.jobs.worker import Worker
from app.kernel.numbers import E164
from app.notices import service as notices
from app.web import sessions
from app.web.principals import TERMINAL
from tests.desk.conftest import Desk
from tests.desk.test_queries import undelivered
from tests.doors.at_desk import Lee
from tests.doors.box import Box
from tests.families.pictures import bands, packed
from tests.scene import NOW, ZONE, at
from tests.villages.spoken import spoken
from tests.web.open_house import Guest, OpenHouse

NUMBER = "+8613912345678"
WEEK = "2026-11-30"
EVENINGS = {"weekdays": [0], "from_minute": 1080, "until_minute": 1320}
SHIFT = {"kind": "weekly", "occupation": "shift", "detail": EVENINGS}
# They touch nobody but the one who gives them.
OWN = {
    "POST /sign_out", "POST /devices/<device_id>/end", "POST /push", "POST /push/end", "POST /push/trial",
    "POST /broadcasts/preview",
}  # fmt: skip
# They change a draft, of which nobody is told before it is published.
OF_A_DRAFT = {"POST /rosters/<roster_id>/assign", "POST /rosters/<roster_id>/undo"}
# They name nothing: whoever asks does it to the own village.
OF_THE_ASKERS_VILLAGE = {
    "POST /families", "POST /openings", "POST /closures", "POST /terminals", "POST /village/promise", "POST /rosters",
    "POST /notices/terms", "POST /broadcasts", "POST /prompts", "POST /prompts/pack", "POST /prompts/pack/region",
    "POST /prompts/share", "POST /village/region",
}  # fmt: skip


@dataclass
class Office:
    """The desk of Alice's village, whose coordinator is an operator, and a worker that settles what follows."""

    house: OpenHouse
    desk: Guest
    lee: Lee
    worker: Worker
    phones: SimulatedPhones

    def settle(self) -> None:
        while sum(self.worker.run_due(lane) for lane in Lane):
            pass

    def entries(self) -> list[AuditEntry]:
        self.settle()
        with self.house.database.read() as session:
            return list(session.scalars(select(AuditEntry)).all())

    def forget(self) -> None:
        """What was done to set the stage is not what is asked."""
        self.settle()
        with self.house.database.begin() as session:
            session.execute(delete(AuditEntry))

    def made(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.desk.command(path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.get_json()


def pair(office: Office, **more: Any) -> dict[str, Any]:
    return {"child_id": office.house.scene.alice.child, "contact_id": office.house.scene.alice.parent, **more}


def consent(office: Office) -> dict[str, Any]:
    return pair(office, kind="message", given_by=office.house.scene.alice.parent, evidence="paper")


def somebody(role: str = "caregiver") -> dict[str, str]:
    return {"name": "Uncle", "role": role, "zone": ZONE, "language": "en"}


def closure() -> dict[str, Any]:
    return {"starts_at": at(19).isoformat(), "ends_at": at(21).isoformat(), "reason": "flood"}


def booking(office: Office) -> dict[str, Any]:
    alice = office.house.scene.alice
    return {"child_id": alice.child, "parent_id": alice.parent, "starts_at": at(20).isoformat()}


def booked(office: Office) -> dict[str, str]:
    return {"call_id": office.house.scene.book(office.house.scene.alice, at(20))}


def sundays(office: Office) -> dict[str, Any]:
    alice = office.house.scene.alice
    pair = {"child_id": alice.child, "parent_id": alice.parent}
    return {**pair, "starts_on": "2026-11-29", "starts_minute": 1200, "rule": "FREQ=WEEKLY"}


def with_series(office: Office) -> dict[str, str]:
    return {"series_id": office.made("/api/series", sundays(office))["id"]}


def drafted(office: Office) -> dict[str, str]:
    """Its version is 2 as soon as it is settled."""
    return {"roster_id": office.made("/api/rosters", {"week": WEEK})["id"]}


def wait(office: Office) -> dict[str, Any]:
    return {"child_id": office.house.scene.alice.child, "parent_id": office.house.scene.alice.parent}


def waiting(office: Office) -> dict[str, str]:
    line = office.made("/api/waits", wait(office))["waits"]
    return {"wait_id": next(one["wait_id"] for one in line if one["wait_id"])}


def with_terminal(office: Office) -> dict[str, str]:
    alice, now = office.house.scene.alice, office.house.clock.now()
    office.house.terminal(alice)
    with office.house.database.begin() as session:
        (device,) = sessions.devices_of(session, TERMINAL, alice.terminal, now)
        sessions.beat(session, device.id, "home", True, now)
    return {}


def dead(office: Office) -> dict[str, str]:
    subject = f"call:{booked(office)['call_id']}"
    with office.house.database.begin() as session:
        row = session.scalars(select(DueRow).where(DueRow.subject == subject)).first()
        assert row
        row.state = DueState.DEAD
        return {"row_id": row.id}


def undelivered_text(office: Office) -> dict[str, str]:
    desk = Desk(office.house.scene, None, None)  # type: ignore[arg-type]
    return {"delivery_id": undelivered(desk, office.house.scene.alice)}


def asked_number(office: Office) -> dict[str, str]:
    alice = office.house.scene.alice
    office.made(f"/api/persons/{alice.parent}/number", {"number": NUMBER})
    office.settle()
    text = office.phones.texts(E164(NUMBER))[-1].text
    return {"code": re.findall(r"[0-9]{6}", text)[0]}  # it may contain a 10, as the minutes after it do


def with_pin(office: Office) -> dict[str, str]:
    with office.house.database.begin() as session:
        family = office.house.scene.alice.family
        session.add(PicturePin(family_id=family, pin_hash="x", set_at=NOW, tries=9, blocked_at=NOW))
    return {}


def waiting_box(office: Office) -> dict[str, str]:
    return {"user_code": Box(office.house).ask().user_code}


def invited(office: Office) -> dict[str, str]:
    body = {"person_id": office.house.scene.alice.parent, "channel": "card"}
    return {"invitation_id": office.made("/api/invitations", body)["id"]}


def a_prompt() -> dict[str, Any]:
    return {"key": "terminal.screen.ring", "recording": base64.b64encode(spoken()).decode()}


def with_prompt(office: Office) -> dict[str, Any]:
    return {"prompt_id": office.made("/api/prompts", a_prompt())["id"]}


def without_prompt(office: Office) -> dict[str, Any]:
    known = with_prompt(office)
    office.desk.command(f"/api/prompts/{known['prompt_id']}", method="DELETE")
    return known


def of_a_region(office: Office) -> dict[str, Any]:
    office.made("/api/village/region", {"region": "North hills"})
    return with_prompt(office)


def pack(office: Office) -> bytes:
    """Of what this village has recorded itself."""
    return office.desk.get("/api/prompts/pack").get_data()


@dataclass(frozen=True)
class Command:
    """What is sent, what must be there before, and the entry that must be there afterwards, with any `others`."""

    action: str
    about: str | None
    body: Callable[[Office], Any] = lambda _office: {}
    before: Callable[[Office], dict[str, str]] = lambda _office: {}
    others: tuple[str, ...] = ()


def with_hours(office: Office) -> dict[str, str]:
    path = f"/api/persons/{office.house.scene.alice.parent}/availability"
    return {"pattern_id": office.made(path, SHIFT)["patterns"][0]["id"]}


def with_desk_notice(office: Office) -> dict[str, str]:
    with office.house.database.begin() as session:
        notice_id = notices.plan(
            session, village_id=office.house.scene.alice.village, template="gateway_silent", subject="gateway:kannel",
            params={"gateway": "kannel", "since_at": NOW}, due_at=NOW, key="silent", now=NOW,
        )  # fmt: skip
    return {"notice_id": notice_id}


PAIR = "Child of Alice – Alice"
COMMANDS: dict[str, Command] = {
    "POST /availability/<pattern_id>/end": Command("end_hours", "Alice", before=with_hours),
    "POST /broadcasts": Command("broadcast", "Redstone", lambda _: {"text": f"No power tomorrow. Ask {NUMBER}."}),
    "POST /calls": Command("book", PAIR, booking),
    "POST /calls/now": Command(
        "book", PAIR, lambda o: {"child_id": o.house.scene.alice.child, "minutes": 15}, with_terminal
    ),
    "POST /calls/<call_id>/cancel": Command("cancel", PAIR, lambda _: {"reason": "weather"}, booked),
    "POST /calls/<call_id>/move": Command("move", PAIR, lambda _: {"starts_at": at(21).isoformat()}, booked),
    "POST /closures": Command("add_closure", "Redstone", lambda _: closure()),
    "POST /closures/<closure_id>/lift": Command(
        "lift_closure", "Redstone", before=lambda o: {"closure_id": o.made("/api/closures", closure())["id"]}
    ),
    "POST /consents": Command("give_consent", PAIR, consent),
    "POST /consents/<consent_id>/revoke": Command(
        "revoke_consent", PAIR, before=lambda o: {"consent_id": o.made("/api/consents", consent(o))["id"]}
    ),
    "POST /dead/<row_id>/revive": Command("revive", PAIR, before=dead),
    "POST /deliveries/<delivery_id>/send_again": Command("send_again", "Alice", before=undelivered_text),
    "POST /desk/village": Command(
        "look_at_village", "Redstone", lambda o: {"village_id": o.house.scene.alice.village}
    ),
    "POST /families": Command(
        "enrol", "Wang", lambda _: {"name": "Wang", "emblem": "boat", "persons": [somebody("child")]}
    ),
    "POST /families/<family_id>/members": Command("add_member", "Uncle", lambda _: somebody()),
    "POST /families/<family_id>/members/<person_id>/end": Command(
        "end_member", "Granny of Alice", lambda _: {"role": "caregiver"},
        lambda o: {"person_id": o.house.scene.alice.caregiver},
    ),
    "POST /families/<family_id>/photos/<person_id>": Command("set_photo", "Alice", lambda _: packed(bands(), "JPEG")),
    "DELETE /families/<family_id>/pin": Command("clear_pin", "Alice", before=with_pin),
    "POST /families/<family_id>/pin/unblock": Command("unblock_pin", "Alice", before=with_pin),
    "POST /invitations": Command(
        "invite", "Alice", lambda o: {"person_id": o.house.scene.alice.parent, "channel": "card"}
    ),
    "POST /invitations/<invitation_id>/revoke": Command("revoke_invitation", "Alice", before=invited),
    "POST /no_contacts": Command("set_no_contact", PAIR, lambda o: pair(o, reason="court")),
    "POST /no_contacts/<no_contact_id>/lift": Command(
        "lift_no_contact", PAIR,
        before=lambda o: {"no_contact_id": o.made("/api/no_contacts", pair(o, reason="court"))["id"]},
    ),
    "POST /notices/terms": Command("set_notice_terms", "Redstone", lambda _: {"family_segments": 60}),
    "POST /notices/<notice_id>/close": Command("close_notice", "Redstone", before=with_desk_notice),
    "POST /openings": Command("set_openings", "Redstone", lambda _: {"openings": []}),
    "POST /pairing/approve": Command(
        "pair", "Redstone office", lambda o: {"terminal_id": o.house.scene.alice.terminal}, waiting_box
    ),
    "PATCH /persons/<person_id>": Command("change_person", "Alicia", lambda _: {"name": "Alicia"}),
    "POST /persons/<person_id>/availability": Command("say_hours", "Alice", lambda _: SHIFT),
    "POST /persons/<person_id>/number": Command("send_number_code", "Alice", lambda _: {"number": NUMBER}),
    "POST /persons/<person_id>/number/confirm": Command("confirm_number", "Alice", before=asked_number),
    "POST /persons/<person_id>/number/show": Command("show_number", "Alice"),
    "POST /persons/<person_id>/swap": Command("swap_shift", "Alice", lambda _: {"day": "2026-11-24", "shift": "off"}),
    "POST /prompts": Command("record_prompt", "Redstone", lambda _: a_prompt()),
    "DELETE /prompts/<prompt_id>": Command("remove_prompt", "Redstone", before=with_prompt),
    "POST /prompts/<prompt_id>/bring_back": Command("bring_back_prompt", "Redstone", before=without_prompt),
    "POST /prompts/pack": Command("take_prompts", "Redstone", pack, with_prompt),
    "POST /prompts/pack/region": Command("take_prompts", "Redstone", pack, of_a_region),
    "POST /prompts/share": Command("share_prompts", "Redstone", before=of_a_region),
    "POST /rosters": Command("draft_roster", WEEK, lambda _: {"week": WEEK}),
    "POST /rosters/<roster_id>/drop": Command("drop_roster", WEEK, lambda _: {"version": 2}, drafted),
    "POST /rosters/<roster_id>/publish": Command("publish_roster", WEEK, lambda _: {"version": 2}, drafted),
    "POST /rosters/<roster_id>/redraft": Command("redraft_roster", WEEK, lambda _: {"version": 2}, drafted),
    "POST /series": Command("book_series", PAIR, sundays),
    "POST /series/<series_id>/change": Command("change_series", PAIR, lambda _: {"minutes": 30}, with_series),
    "POST /series/<series_id>/end": Command("end_series", PAIR, lambda _: {"reason": "sick"}, with_series),
    "POST /terminals": Command("add_terminal", "School", lambda _: {"name": "School"}),
    "POST /terminals/<terminal_id>/check_line": Command("check_line", "Redstone office", before=with_terminal),
    "POST /terminals/<terminal_id>/retire": Command("retire", "Redstone office"),
    "POST /terminals/<terminal_id>/revoke": Command("revoke", "Redstone office"),
    "POST /waits": Command("wait", "Child of Alice", wait),
    "POST /waits/<wait_id>/end": Command("end_wait", "Child of Alice", before=waiting),
    "POST /village/region": Command("set_region", "Redstone", lambda _: {"region": "North hills"}),
    "POST /village/promise": Command("set_promise", "Redstone", lambda _: {"days": 10}),
}  # fmt: skip
