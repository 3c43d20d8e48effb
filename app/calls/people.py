"""The people of a call, for whoever tells them something: names, who is on the other side, where it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import queries
from app.calls.models import Call
from app.calls.words import Side
from app.families.models import Person
from app.villages.models import Village


@dataclass(frozen=True)
class People:
    """`caregiver_ids` are those who bring the child; the child itself is told by the terminal alone."""

    call_id: str
    family_id: str
    starts_at: datetime
    place: str
    parent_id: str
    parent: str
    child_id: str
    child: str
    caregiver_ids: list[str]
    names: dict[str, str]
    came_by_moving: bool

    @property
    def everybody(self) -> list[str]:
        return [self.parent_id, *self.caregiver_ids]

    @property
    def subject(self) -> str:
        return f"call:{self.call_id}"

    @property
    def params(self) -> dict[str, str | datetime | list[datetime]]:
        return {"parent": self.parent, "child": self.child, "place": self.place, "starts_at": self.starts_at}

    def others(self, by: str) -> list[str]:
        """Everybody who does not know it already: not the one who acted, nor those at the terminal that did."""
        if by.startswith("terminal:"):
            return [self.parent_id]
        return [person for person in self.everybody if by != f"person:{person}"]

    def name_of(self, by: str) -> str:
        """The name of whoever acted; a terminal speaks for the child."""
        return self.names.get(by.removeprefix("person:"), self.child)


def people(session: Session, call_id: str) -> People:
    call = session.get_one(Call, call_id)
    invited = queries.invitees(session, call_id)
    persons = {
        p.id: p.name for p in session.scalars(select(Person).where(Person.id.in_([i.person_id for i in invited])))
    }
    village = [i.person_id for i in invited if i.side is Side.VILLAGE and i.person_id != call.child_id]
    return People(
        call_id=call.id, family_id=call.family_id, starts_at=call.starts_at,
        place=session.get_one(Village, call.village_id).name,
        parent_id=call.parent_id, parent=persons[call.parent_id], child_id=call.child_id, child=persons[call.child_id],
        caregiver_ids=village, names=persons,
        came_by_moving=session.scalar(select(Call.id).where(Call.moved_to_id == call_id)) is not None,
    )  # fmt: skip
