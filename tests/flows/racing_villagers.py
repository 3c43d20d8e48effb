"""Families that do anything, in a process of their own: for races.

`python -m tests.flows.racing_villagers URL SEED COUNT`; the households come in as one line of JSON, and it begins with
the next. What was refused is a normal answer; anything else that is raised ends the process.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.calls import agreement, booking
from app.calls.models import Call
from app.calls.words import CallState, Origin
from app.desk import waiting
from app.kernel.errors import HomethreadError
from app.roster import waits
from app.storage.clashes import is_clash
from app.storage.database import Database
from tests.scene import NOW, Household, at

SLOTS = [at(hour, minute) for hour in (20, 21) for minute in (0, 15, 30, 45)] + [at(19, day=24), at(19, 15, day=24)]
LASTS = timedelta(hours=3)

Act = Callable[[Session], object]


def act(database: Database, whom: Household, chance: Random, share: float) -> None:
    now, slot = NOW + share * LASTS, chance.choice(SLOTS)
    by = chance.choice([whom.parent_acts, whom.terminal_acts])
    asked = replace(whom.wish(slot), origin=Origin.ROSTER, confirm_by=max(slot - timedelta(minutes=45), now))
    anew: list[Act] = [
        lambda s: booking.book(s, whom.wish(slot), whom.parent_acts, now),
        lambda s: booking.book(s, whom.wish(slot, is_proposal=True), by, now),
        lambda s: booking.book(s, asked, waiting.NOBODY, now),
        lambda s: waits.ask(
            s, village_id=whom.village, family_id=whom.family, child_id=whom.child, parent_id=whom.parent,
            by=f"person:{whom.parent}", now=now,
        ),
    ]  # fmt: skip
    with database.read() as session:
        theirs = select(Call.id).where(Call.family_id == whom.family, Call.state != CallState.ENDED)
        known = session.scalars(theirs.order_by(Call.id)).all()
    changes: list[Act] = []
    if known:
        call_id = chance.choice(known)
        changes = [
            lambda s: booking.confirm(s, call_id, by, now),
            lambda s: booking.decline(s, call_id, by, now),
            lambda s: booking.cancel(s, call_id, by, "sick", None, now),
            lambda s: booking.move(s, call_id, slot, by, now),
            lambda s: agreement.counter(s, call_id, slot, by, now),
        ]
    transact(database, chance.choice(anew + changes))


def transact(database: Database, what: Act) -> None:
    while True:
        try:
            with database.begin() as session:
                what(session)
        except HomethreadError:
            return
        except DBAPIError as error:
            if not is_clash(error):
                raise
        else:
            return


def main() -> None:
    url, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    households = [Household(**one) for one in json.loads(sys.stdin.readline())]
    database, chance = Database(url), Random(seed)
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(count):
        act(database, chance.choice(households), chance, number / count)
    database.close()


if __name__ == "__main__":
    main()
