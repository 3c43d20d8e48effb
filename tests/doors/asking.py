"""What a parent and a desk do about a child's other parent, as their browsers ask for it."""

from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from app.families import service as families
from app.families.models import Member, Person
from app.families.words import MemberRole
from tests.doors.conftest import Doors
from tests.scene import ZONE, Household
from tests.web.open_house import Guest

NUMBER = "+8613900000055"
WANTED = {"name": "Wei", "number": "139 0000 0055", "kinship": "father", "language": "zh-CN", "note": "He is in Suzhou"}


def wants(doors: Doors, whose: Household, by: Guest | None = None, **more: Any) -> TestResponse:
    path = f"/api/families/{whose.family}/parent_requests"
    return (by or doors.house.parent(whose)).command(path, WANTED | more)


def asked(doors: Doors, whose: Household, **more: Any) -> str:
    """A second later than whatever was before; the request's id."""
    doors.house.clock.step(seconds=1)
    answer = wants(doors, whose, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["requests"][0]["id"])


def at_desk(doors: Doors, whose: Household) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = doors.house.desk(whose).get("/api/desk/parent_requests").get_json()["requests"]
    return found


def own(guest: Guest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = guest.get("/api/parent_requests").get_json()["requests"]
    return found


def does(guest: Guest, request_id: str, what: str, **body: Any) -> TestResponse:
    return guest.command(f"/api/parent_requests/{request_id}/{what}", body)


def accepts(guest: Guest, request_id: str, **more: Any) -> TestResponse:
    return does(guest, request_id, "accept", **{"zone": ZONE, **more})


def error(answer: TestResponse) -> str | None:
    found: str | None = answer.get_json().get("error")
    return found


def parents(doors: Doors, whose: Household) -> list[str]:
    there = select(Person.name).join(Member, Member.person_id == Person.id)
    there = there.where(Member.family_id == whose.family, Member.role == MemberRole.PARENT, Member.left_at.is_(None))
    with doors.house.database.read() as session:
        return sorted(session.scalars(there))


def other_parent(doors: Doors, whose: Household, phone: str | None = None) -> str:
    with doors.house.database.begin() as session:
        now = doors.house.clock.now()
        person = families.add_person(
            session, name="Ming", zone=ZONE, language="en", phone=phone, confirmed_at=now if phone else None
        )
        families.add_member(session, family_id=whose.family, person_id=person.id, role=MemberRole.PARENT, now=now)
        return person.id
