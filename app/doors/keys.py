"""Whose keys (number, card) a desk may hand out: those of its own village's people, and of nobody else's too."""

from app.doors import credentials
from app.families import queries as families
from app.families.models import Person
from app.kernel.errors import Refused
from app.web.api import Ask


def of_own_person(ask: Ask, person_id: str) -> Person:
    """A person of the asker's village. Raises Refused("shared_person") for one who is in another village's family too.

    With such a person's keys one desk would open the other village's family, so an operator alone hands them out.
    """
    person = families.person_of_village(ask.session, ask.who.village, person_id)
    elsewhere = any(f.village_id != ask.who.village for f in families.families_of_person(ask.session, person.id))
    if elsewhere and not credentials.is_operator(ask.session, ask.who):
        raise Refused("shared_person")
    return person
