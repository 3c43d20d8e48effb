"""Whose child and whose parent somebody asks about: their own, or those of the village of a terminal or a coordinator.

Anybody else's are NotFound. At a terminal nobody settles anything for a family that keeps its page behind a PIN.
"""

from app.families import pins
from app.families import queries as families
from app.families.words import MemberRole
from app.kernel.errors import NotFound, Refused
from app.web.api import Ask
from app.web.principals import PERSON, TERMINAL


def pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """(family, parent) for a child: the asker's own family, or one of the village of a terminal or coordinator."""
    if ask.who.kind is PERSON:
        return _own_pair(ask, child_id, parent_id)
    parent_id = parent_id or families.first_parent(ask.session, ask.who.village, child_id, ask.now)
    family_id = families.family_of_pair(ask.session, child_id, parent_id, ask.who.village)
    ask_pin(ask, family_id)
    return family_id, parent_id


def ask_pin(ask: Ask, family_id: str) -> None:
    """Raises Refused("pin_needed") at a terminal to which the family's PIN was not given."""
    if ask.who.kind is TERMINAL and pins.must_ask(ask.session, ask.who.device_id, family_id, ask.now):
        raise Refused("pin_needed")


def _own_pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """The same for a parent of the child, or for one who lives with it and names the parent."""
    me = ask.who.subject_id
    if parent_id in (None, me):
        return families.family_of_pair(ask.session, child_id, me), me
    family_id = families.family_of_pair(ask.session, child_id, parent_id or me)
    if not families.is_member(ask.session, family_id, me, MemberRole.CAREGIVER, MemberRole.CHILD):
        raise NotFound
    return family_id, parent_id or me
