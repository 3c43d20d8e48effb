"""In which countries a number may lie that was typed at a door without its country's code."""

from sqlalchemy.orm import Session

from app.families.numbers import parse_number_of, region_of
from app.kernel.errors import Invalid
from app.kernel.numbers import E164
from app.villages import queries as villages


def number_of(session: Session, text: str, region: str | None = None) -> E164:
    """One of a village's country, or else of `region`, which is the caller's. Raises Invalid("bad_number")."""
    regions = {region_of(village.zone, village.language): None for village in villages.villages(session)}
    return parse_number_of(text, (*regions, region))


def is_number(session: Session, digits: str) -> bool:
    try:
        return bool(number_of(session, digits))
    except Invalid:
        return False
