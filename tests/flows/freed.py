"""What a village does with slots that get free, for the stories of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from app.calls import booking
from app.calls.booking import Actor
from app.calls.models import Call
from app.calls.words import CallState, Origin, Outcome
from app.desk import waiting
from app.families import schedule
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from app.roster import waits
from app.storage.database import new_id
from tests.flows.conftest import Evening
from tests.scene import Household, at

BY_ITSELF = waiting.NOBODY  # as the desk, which may leave the grid
TOMORROW = at(19, day=24)
MINUTE = timedelta(minutes=1)


def cancel(evening: Evening, call_id: str, by: Actor) -> None:
    with evening.scene.database.begin() as session:
        booking.cancel(session, call_id, by, "sick", None, evening.scene.clock.now())
    evening.settle()


def confirm(evening: Evening, call: Call, by: Actor) -> None:
    with evening.scene.database.begin() as session:
        booking.confirm(session, call.id, by, evening.scene.clock.now())
    evening.settle()


def decline(evening: Evening, call: Call, by: Actor) -> None:
    with evening.scene.database.begin() as session:
        booking.decline(session, call.id, by, evening.scene.clock.now())
    evening.settle()


def heard(evening: Evening, whom: Household, days_ago: int) -> None:
    """Write a call that was held."""
    at_ = evening.scene.clock.now() - timedelta(days=days_ago)
    with evening.scene.database.begin() as session:
        session.add(
            Call(
                id=new_id(session), village_id=whom.village, terminal_id=whom.terminal, family_id=whom.family,
                parent_id=whom.parent, child_id=whom.child, starts_at=at_, ends_at=at_ + 15 * MINUTE,
                state=CallState.ENDED, outcome=Outcome.HELD, made_at=at_, ended_at=at_, talked_seconds=600,
            )
        )  # fmt: skip


def offers(evening: Evening) -> Sequence[Call]:
    with evening.scene.database.read() as session:
        made = select(Call).where(Call.origin == Origin.WAIT).order_by(Call.made_at, Call.starts_at, Call.id)
        return session.scalars(made).all()


def the_offer(evening: Evening) -> Call:
    """The one that is open."""
    (open_offer,) = [call for call in offers(evening) if call.state is CallState.PROPOSED]
    return open_offer


def freed(evening: Evening, starts_at: datetime = TOMORROW, minutes: int = 15) -> None:
    """Somebody who was heard today had a slot and gives it back."""
    giver = evening.scene.move_in("Giver", "boat", 7)
    heard(evening, giver, 0)
    cancel(evening, evening.scene.book(giver, starts_at, BY_ITSELF, minutes=minutes), giver.parent_acts)


def busy(evening: Evening, person_id: str) -> None:
    """Whoever it is has no time on any evening."""
    detail = {"weekdays": list(range(7)), "from_minute": 18 * 60, "until_minute": 21 * 60}
    with evening.scene.database.begin() as session:
        said = Said(PatternKind.WEEKLY, Occupation.SHIFT, detail)
        schedule.add(session, person_id, said, "coordinator:lee", evening.scene.clock.now())


def wish(evening: Evening, whom: Household) -> None:
    with evening.scene.database.begin() as session:
        waits.ask(
            session, village_id=whom.village, family_id=whom.family, child_id=whom.child, parent_id=whom.parent,
            by=f"person:{whom.parent}", now=evening.scene.clock.now(),
        )  # fmt: skip


def in_line(evening: Evening, whom: Household) -> list[str]:
    with evening.scene.database.read() as session:
        return [one.family_id for one in waiting.line(session, whom.village, evening.scene.clock.now())]
