"""On which side of a call somebody acts, and when they mean: what the routes read from a question before they act."""

from datetime import datetime

from app.calls import queries
from app.calls.booking import Actor
from app.calls.shapes import When
from app.calls.words import Side
from app.families import whose
from app.kernel import local_time
from app.kernel.errors import Invalid
from app.web.api import Ask
from app.web.principals import COORDINATOR, PERSON


def actor(ask: Ask, parent_id: str) -> Actor:
    """Who acts: a person on the side of who they are in this family, a terminal for the village, the desk on none."""
    if ask.who.kind is COORDINATOR:
        return Actor(ask.who.name, None)
    is_parent = ask.who.kind is PERSON and ask.who.subject_id == parent_id
    return Actor(ask.who.name, Side.PARENT if is_parent else Side.VILLAGE)


def actor_in(ask: Ask, call_id: str) -> Actor:
    """Say on which side of a call the asker acts; a call that is not theirs is NotFound."""
    call, side = queries.seen_by(ask.session, ask.who, call_id)
    whose.ask_pin(ask, call.family_id)
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
