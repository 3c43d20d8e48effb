"""Brings a notice to the gateway. Everything that is written down about it is in `attempts.py`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.jobs.service import Leased
from app.kernel.clock import Clock
from app.notices import attempts, rules
from app.notices.attempts import Attempt, Question, Work
from app.notices.ports import GatewayError, NoAnswer, SmsGateway
from app.storage.database import Database
from app.web.sealing import Sealer


def deliver(
    database: Database, clock: Clock, gateway: SmsGateway, link: str, sealer: Sealer
) -> Callable[[Leased], None]:
    """Make the errand for rows of kind `service.DELIVER`; `link` is the one address that texts may name.

    1. A transaction looks whether the notice is still wanted, and writes "sending" before anybody is called.
       It may find "sending" there already: a worker died, or its vendor didn't answer. That is doubtful.
    2. A doubtful one is asked for by its key, where the vendor can be asked; otherwise its template's policy holds.
    3. The vendor is called, with no transaction open.
    4. A transaction writes what it said, unless another worker went on with this delivery in between.
    """
    return _Courier(database, clock, gateway, link, sealer).deliver


@dataclass(frozen=True)
class _Courier:
    database: Database
    clock: Clock
    gateway: SmsGateway
    link: str
    sealer: Sealer

    def deliver(self, row: Leased) -> None:
        with self._work(row) as work:
            next_step = attempts.decide(work)
        if isinstance(next_step, Question):
            next_step = self._ask(row, next_step)
        if next_step is not None:
            self._send(row, next_step)

    def _ask(self, row: Leased, question: Question) -> Attempt | None:
        accepted = self.gateway.query(question.key)
        with self._work(row) as work:
            if accepted is None:
                return attempts.missing(work, question)
            attempts.taken(work, question, accepted.ref)
            return None

    def _send(self, row: Leased, attempt: Attempt) -> None:
        says = attempt.says
        try:
            accepted = self.gateway.send(
                attempt.to, says.template, says.params, says.language, says.text, key=attempt.key
            )  # fmt: skip
        except GatewayError as error:
            with self._work(row) as work:
                attempts.refused(work, attempt, error)
            if not error.permanent:
                raise _told(error) from None
        except Exception as error:
            with self._work(row) as work:
                attempts.unanswered(work, attempt, error)
            raise _told(error) from None
        else:
            with self._work(row) as work:
                attempts.taken(work, attempt, accepted.ref)

    @contextmanager
    def _work(self, row: Leased) -> Iterator[Work]:
        with self.database.begin() as session:
            yield Work(session, row, self.gateway, self.link, self.sealer, self.clock.now())


def _told(error: Exception) -> NoAnswer:
    """What the worker may log and keep of a vendor's failure, and where it was."""
    said = f"{type(error).__name__}: {rules.without_digits(error)}"
    return NoAnswer(said).with_traceback(error.__traceback__)
