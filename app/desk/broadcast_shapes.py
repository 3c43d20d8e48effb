"""What a text to everybody would cost and became, on the wire. Costs are in 1/10,000 of the currency."""

from typing import Annotated, Literal

from pydantic import Field

from app.web.shapes import Shape

LONGEST_TEXT = 20_000  # far more than is ever sent, so that its length can be told

Refusal = Literal["no_free_text", "text_too_long", "budget_used_up", "nobody_to_tell"]


class BroadcastIn(Shape):
    text: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]


class CostShape(Shape):
    """`segments_each` and `encoding` are those of the longest text; `unreachable` find it at the terminal alone.

    `left_this_month`: segments of the village's budget; null is no budget.
    """

    people: int
    segments_each: int
    segments: int
    cost: int
    currency: str
    encoding: str
    unreachable: list[str]
    left_this_month: int | None


class PreviewShape(CostShape):
    """`parts`: the longest text as it is cut. `refusal`: why it can't be sent like this."""

    parts: list[str]
    most_segments: int
    refusal: Refusal | None


class BroadcastShape(Shape):
    id: str
    people: int
    segments: int
    cost: int
    currency: str
