"""`GET /api/texts/strangers`: who wrote from numbers that nobody confirmed.

A village is shown those whose number it wrote down for one of its people, so that it can be confirmed. Of any other
nobody can say whose village's it would be: operators alone see that there are some.
"""

from app.doors import credentials
from app.sms import strangers
from app.sms.strangers import Stranger
from app.web.api import Api, Ask
from app.web.principals import COORDINATOR
from app.web.shapes import InstantOut, Shape

api = Api("strangers")


class StrangerShape(Shape):
    """`number` is masked; `person_id` and `name` say for whom it was written down, if for one of the village."""

    number: str
    texts: int
    last_at: InstantOut
    person_id: str | None
    name: str | None


class StrangersShape(Shape):
    """`elsewhere` are those that belong to no village, for operators; null for everybody else."""

    strangers: list[StrangerShape]
    elsewhere: list[StrangerShape] | None


@api.query("/texts/strangers", COORDINATOR, gives=StrangersShape)
def list_strangers(ask: Ask) -> StrangersShape:
    """List who wrote lately from a number that is not confirmed, the latest first."""
    own = [_shape(each) for each in strangers.of_village(ask.session, ask.who.village, ask.now)]
    others = None
    if credentials.is_operator(ask.session, ask.who):
        others = [_shape(each) for each in strangers.of_nobody(ask.session, ask.now)]
    return StrangersShape(strangers=own, elsewhere=others)


def _shape(stranger: Stranger) -> StrangerShape:
    return StrangerShape(
        number=stranger.number, texts=stranger.texts, last_at=stranger.last_at, person_id=stranger.person_id,
        name=stranger.name,
    )  # fmt: skip
