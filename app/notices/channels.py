"""By which channels a notice goes to its reader, one after the other, and how long each is given. Pure.

A push comes first where there is one: it costs nothing. Who has not read it in time gets a text, and who can't be
texted, or may not, finds it at the terminal. What a desk is told stands in its list. A text is the last channel: what
fails there is shown to the desk as such.
"""

from dataclasses import dataclass
from datetime import timedelta

from app.notices.rules import POLICIES
from app.notices.words import Channel

AT_ONCE = timedelta(0)


@dataclass(frozen=True)
class Reach:
    """How the reader can be reached. `may_spend`: the budgets leave room for a text. `is_desk`: a village's desk."""

    has_number: bool
    has_push: bool
    is_stopped: bool
    may_spend: bool
    is_desk: bool = False


def channel(template: str, number: int, reach: Reach) -> Channel | None:
    """The channel of the notice's delivery of this number, the first being 1; None where there is none (left)."""
    way = _way(template, reach)
    return way[number - 1] if number <= len(way) else None


def next_after(template: str, number: int, reach: Reach) -> timedelta | None:
    """How long after delivery `number` went out the next one is begun, unless the notice is closed; None: never."""
    way = _way(template, reach)
    if number >= len(way):
        return None
    return POLICIES[template].text_after if way[number] is Channel.TEXT else AT_ONCE


def can_be_texted(template: str, reach: Reach) -> bool:
    policy = POLICIES[template]
    is_wanted = policy.is_asked_for or not reach.is_stopped
    return reach.has_number and is_wanted and not policy.is_never_texted and (reach.may_spend or policy.is_essential)


def _way(template: str, reach: Reach) -> list[Channel]:
    last = Channel.DESK if reach.is_desk else Channel.TEXT if can_be_texted(template, reach) else Channel.TERMINAL
    if POLICIES[template].is_for_number:
        return [last] if last is Channel.TEXT else []
    return [Channel.PUSH, last] if reach.has_push else [last]
