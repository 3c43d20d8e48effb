"""Brings notices to the outside, many at a time. Everything that is written down about it is in `attempts.py`."""

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.jobs.batches import Item
from app.jobs.settling import DONE, Call, Next
from app.notices import attempts, cases, pushes, takings, terms
from app.notices.attempts import Step, Work
from app.notices.outside import Came, Missing, NoWord, Outside, PushOut, Question, Refusal, Send, Took, Under, came_of
from app.notices.switchboard import Switchboard


class Courier:
    """How rows of kind `service.DELIVER` are worked off.

    1. A transaction looks whether the notices are still wanted, and writes "sending" before anybody is called.
       It may find "sending" there already: a worker died, or its vendor didn't answer. That is doubtful.
    2. A doubtful one is asked for by its key, where the vendor can be asked; otherwise its template's policy holds.
    3. The vendors are called, with no transaction open.
    4. A transaction writes what they said, unless another worker went on with a delivery in between. What a vendor
       refused for its own reasons goes on at once by the next one.
    """

    def __init__(self, outside: Outside, jitter: Callable[[], float] = random.random) -> None:
        self.outside, self._jitter = outside, jitter

    def advance(self, session: Session, items: Sequence[Item], now: datetime) -> Mapping[str, Next]:
        cases.lock(session, {notice_id for notice_id, _number in map(_wanted, items)})
        taken = {item.row.id: item.came for item in items if item.came is not None and isinstance(item.came[1], Took)}
        refs = {under.attempt_id: took.ref for under, took in taken.values() if isinstance(under, Send)}
        settled = takings.settle(session, refs, now)
        over = {row_id for row_id, (under, _took) in taken.items() if under.attempt_id in settled}
        rest = [item for item in items if item.row.id not in over]
        known = cases.read(session, {_wanted(item) for item in rest})
        terms.look_up(session, [known[wanted].notice for wanted in map(_wanted, rest) if wanted in known])
        board = Switchboard(session, self.outside.gateways, now)
        board.hold(_senders(items, Refusal, NoWord), _senders(items, Took))
        work = Work(session, self.outside, board, now, self._jitter(), terms.Tally())
        for name in _senders([item for item in items if item.row.id in over], Took):
            board.answered(name, has_taken=True)
        nexts: dict[str, Next] = dict.fromkeys(over, DONE)
        with session.no_autoflush:  # so that all is written in one statement a table
            for item in sorted(rest, key=lambda item: _account(known, item)):
                case = known.get(_wanted(item))
                nexts[item.row.id] = DONE if case is None else _next(self._step(work, item, case))
            terms.write_down(session, work.tally)
        return nexts

    def _step(self, work: Work, item: Item, case: cases.Case) -> Step:
        if item.came is None:
            return attempts.decide(work, item.row, case)
        under, came = item.came
        return attempts.came(work, item.row, case, under, came)


def _wanted(item: Item) -> cases.Wanted:
    return item.row.payload["notice"], item.row.payload["number"]


def _senders(items: Sequence[Item], *came: type[Came]) -> set[str]:
    """The gateways by which texts were sent that came to this."""
    ended = [item.came for item in items if item.came is not None]
    return {under.gateway.name for under, what in ended if isinstance(under, Send) and isinstance(what, came)}


def _account(known: Mapping[cases.Wanted, cases.Case], item: Item) -> tuple[str, str]:
    """By village and family, so that two batches never wait for each other's budgets."""
    case = known.get(_wanted(item))
    return ("", "") if case is None else terms.account(case.notice)


def _next(step: Step) -> Next:
    if isinstance(step, Send | PushOut | Question):
        return Call(lambda: _called(step))
    return step


def _called(under: Under) -> tuple[Under, Came]:
    """Call the outside; what it raises is an answer too."""
    try:
        return under, _call(under)
    except Exception as error:
        return under, came_of(error)


def _call(under: Under) -> Came:
    match under:
        case Send(gateway=gateway, to=to, says=says, key=key):
            return Took(gateway.send(to, says.template, says.params, says.language, says.text, key=key).ref)
        case Question(gateway=gateway, key=key):
            accepted = gateway.query(key)
            return Missing() if accepted is None else Took(accepted.ref)
        case PushOut(sender=sender, targets=targets):
            return pushes.push_out(sender, targets)
