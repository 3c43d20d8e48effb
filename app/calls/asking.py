"""Who asks for something of calls, for whom, and when: what the routes read from a question before they act.

A child and a parent that are not the asker's, or not of the asker's village, are NotFound. At a terminal nobody settles
anything for a family that keeps its page behind a PIN.
"""

from datetime import datetime

from app.calls import queries
from app.calls.booking import Actor
from app.calls.shapes import When
from app.calls.words import Side
from app.families import pins
from app.families import queries as families
from app.families.words import MemberRole
from app.kernel import local_time
from app.kernel.errors import Invalid, NotFound, Refused
from app.web.api import Ask
from app.web.principals import COORDINATOR, PERSON, TERMINAL


def pair(ask: Ask, child_id: str, parent_id: str | None) -> tuple[str, str]:
    """(family, parent) for a child: the asker's own family, or one of the village of a terminal or coordinator."""
    if ask.who.kind is PERSON:
        return _own_pair(ask, child_id, parent_id)
    parent_id = parent_id or families.first_parent(ask.session, ask.who.village, child_id, ask.now)
    family_id = families.family_of_pair(ask.session, child_id, parent_id, ask.who.village)
    _ask_pin(ask, family_id)
    return family_id, parent_id


def actor(ask: Ask, parent_id: str) -> Actor:
    """Who acts: a person on the side of who they are in this family, a terminal for the village, the desk on none."""
    if ask.who.kind is COORDINATOR:
        return Actor(ask.who.name, None)
    is_parent = ask.who.kind is PERSON and ask.who.subject_id == parent_id
    return Actor(ask.who.name, Side.PARENT if is_parent else Side.VILLAGE)


def actor_in(ask: Ask, call_id: str) -> Actor:
    """Say on which side of a call the asker acts; a call that is not theirs is NotFound."""
    call, side = queries.seen_by(ask.session, ask.who, call_id)
    _ask_pin(ask, call.family_id)
    return Actor(ask.who.name, side)


def instant(when: When) -> datetime:
    """The instant that is meant, said as one or as wall time in a zone. Raises Invalid("not_a_time")."""
    if when.starts_at is not None and when.wall is None:
        return when.starts_at
    if when.wall is not None and when.zone is not None and when.starts_at is None:
        try:
            wall = datetime.fromisoformat(when.wall)
        except ValueError as impossible:
            raise Invalid("not_a_time") from impossible
        return local_time.instant_of(wall, when.zone)
    raise Invalid("not_a_time")


def _ask_pin(ask: Ask, family_id: str) -> None:
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
