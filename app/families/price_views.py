"""What a megabyte costs a person, as they say it themselves: for the meter of a call. Nobody else sees it."""

from typing import Annotated

from pydantic import Field, model_validator

from app.families.models import Person
from app.web.api import Api, Ask
from app.web.hints import hint
from app.web.principals import PERSON
from app.web.shapes import Nothing, Shape

api = Api("price")

CHEAPEST_MILLI, DEAREST_MILLI = 0.001, 1_000_000

Milli = Annotated[float, Field(ge=CHEAPEST_MILLI, le=DEAREST_MILLI)]


class MbPriceShape(Shape):
    """In 1/1,000 of a currency (ISO 4217)."""

    milli: Milli
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class MbPriceIn(Shape):
    """Both, or none where it is not known any more."""

    milli: Milli | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> "MbPriceIn":
        if (self.milli is None) != (self.currency is None):
            raise ValueError("a price and its currency, or neither")
        return self


def mb_price(person: Person) -> MbPriceShape | None:
    if person.mb_price_milli is None or person.mb_currency is None:
        return None
    return MbPriceShape(milli=person.mb_price_milli, currency=person.mb_currency)


@api.command("POST", "/mb_price", PERSON, gives=Nothing, takes=MbPriceIn)
def set_mb_price(ask: Ask, body: MbPriceIn) -> Nothing:
    """Say what a megabyte costs oneself, or that it isn't known."""
    me = ask.session.get_one(Person, ask.who.subject_id)
    me.mb_price_milli, me.mb_currency = body.milli, body.currency
    hint(ask.session, "person", me.id, ask.now)
    return Nothing()
