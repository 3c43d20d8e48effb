"""The route under /api that finds a time: the best slots with their reasons, or why there is none."""

from typing import Annotated

from pydantic import Field

from app.calls import rules
from app.calls.find_time import Search, find_time
from app.calls.proposals import Answer, Compromise
from app.calls.shapes import Id, InstantIn, InstantOut, Shape
from app.calls.words import Obstacle, SlotReason
from app.families import queries as families
from app.families import whose
from app.villages import queries as villages
from app.web import texts
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR, PERSON, TERMINAL

api = Api("proposals")


class ProposalSearch(Shape):
    """Without `from` from now on, without `until` for eight weeks."""

    child_id: Id
    parent_id: Id | None = None
    minutes: Annotated[int, Field(ge=1, le=1440)] = rules.CALL_MINUTES
    from_: InstantIn | None = Field(None, alias="from")
    until: InstantIn | None = None


class ProposalShape(Shape):
    starts_at: InstantOut
    ends_at: InstantOut
    terminal_id: str
    reasons: list[SlotReason]


class ObstacleShape(Shape):
    """`share`: of the slots that would be open, 0 to 1; several obstacles may take the same slot."""

    code: Obstacle
    share: float


class CompromiseShape(Shape):
    starts_at: InstantOut
    ends_at: InstantOut
    terminal_id: str
    conflicts: list[Obstacle]


class ProposalsShape(Shape):
    """The best first. Obstacles and a compromise only where there is none; `minutes`: as long as the calls can be.

    `sentences` says each code that is used in the language of whoever asks.
    """

    proposals: list[ProposalShape]
    obstacles: list[ObstacleShape]
    compromise: CompromiseShape | None
    sentences: dict[str, str]
    minutes: int
    zone: str


@api.query("/proposals", PERSON, TERMINAL, COORDINATOR, gives=ProposalsShape, takes=ProposalSearch)
def proposals(ask: Ask, search: ProposalSearch) -> ProposalsShape:
    """Find a time for a child and a parent."""
    family_id, parent_id = whose.pair(ask, search.child_id, search.parent_id)
    village = villages.village(ask.session, families.village_of(ask.session, family_id))
    wanted = Search(family_id, search.child_id, parent_id, search.minutes, search.from_ or ask.now, search.until)
    return _shape(find_time(ask.session, village, wanted, ask.now), village.zone, ask.who.language)


def _shape(found: Answer, zone: str, language: str) -> ProposalsShape:
    slots = [
        ProposalShape(
            starts_at=each.starts_at, ends_at=each.ends_at, terminal_id=each.terminal_id, reasons=[*each.reasons]
        )
        for each in found.proposals
    ]  # fmt: skip
    obstacles = [ObstacleShape(code=each.code, share=each.share) for each in found.obstacles]
    compromise = _compromise(found.compromise) if found.compromise else None
    return ProposalsShape(
        proposals=slots, obstacles=obstacles, compromise=compromise, sentences=_sentences(found, language),
        minutes=found.minutes, zone=zone,
    )  # fmt: skip


def _compromise(found: Compromise) -> CompromiseShape:
    return CompromiseShape(
        starts_at=found.starts_at, ends_at=found.ends_at, terminal_id=found.terminal_id, conflicts=[*found.conflicts]
    )


def _sentences(found: Answer, language: str) -> dict[str, str]:
    reasons = {reason for each in found.proposals for reason in each.reasons}
    obstacles = {each.code for each in found.obstacles} | {*(found.compromise.conflicts if found.compromise else ())}
    said = {code.value: texts.text(f"reason.slot.{code}", language) for code in reasons}
    said |= {code.value: texts.text(f"reason.obstacle.{code}", language) for code in obstacles}
    return dict(sorted(said.items()))
