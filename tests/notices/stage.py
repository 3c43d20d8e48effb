"""What these tests play with: a clock stepped by hand, a gateway that writes everything down, a mortal database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.jobs.worker import Handlers, Worker
from app.kernel.numbers import E164
from app.notices.courier import Courier
from app.notices.models import Attempt, Delivery, Notice
from app.notices.outside import Outside
from app.notices.ports import Accepted, PushSender, SmsGateway
from app.notices.service import DELIVER, plan
from app.notices.templates import Param
from app.notices.wording import Wording
from app.storage.database import Database
from app.web.models import Change
from tests.scene import SEALER

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
LINK = "https://homethread.example.org/phone"


@dataclass
class StepClock:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def step(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Killed(BaseException):
    """Plays SIGKILL: nothing in the program may catch it."""


@dataclass
class Fate:
    """Kills at the points whose numbers are in `kills`; `passed` names every point that was come by."""

    kills: frozenset[int] = frozenset()
    passed: list[str] = field(default_factory=list)

    def pass_by(self, point: str) -> None:
        self.passed.append(point)
        if len(self.passed) - 1 in self.kills:
            raise Killed(point)


class MortalDatabase(Database):
    fate = Fate()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        with super().begin() as session:
            yield session
            self.fate.pass_by("before commit")
        self.fate.pass_by("after commit")


@dataclass
class RecordingGateway:
    """Takes everything, twice if it is sent twice. `before` and `after` are called around the taking."""

    can_query: bool = True
    name: str = "recording"
    can_receive: bool = False
    templates_only: bool = False
    receipts: bool = False
    max_segments: int = 3
    signature: str = ""
    taken: list[tuple[E164, str, str]] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    on_query: Callable[[], None] = lambda: None

    def send(
        self, to: E164, template: str, params: Mapping[str, str], language: str, text: str, key: str
    ) -> Accepted:  # fmt: skip
        self.before()
        self.taken.append((to, key, text))
        self.after()
        return Accepted(f"ref {len(self.taken)}")

    def query(self, key: str) -> Accepted | None:
        self.on_query()
        refs = [f"ref {place}" for place, (_to, taken, _text) in enumerate(self.taken, start=1) if taken == key]
        return Accepted(refs[0]) if refs else None

    def probe(self) -> None:
        self.before()

    def times(self, key: str) -> int:
        return sum(taken == key for _to, taken, _text in self.taken)


def params(**other: Param) -> dict[str, Param]:
    said: dict[str, Param] = {
        "reason": "sick", "parent": "王小明", "child": "小雨", "by": "奶奶", "place": "青石村",
        "starts_at": NOW + timedelta(hours=1), "from_at": NOW, "offers_at": [NOW + timedelta(days=1)],
    }  # fmt: skip
    return said | other


def plan_in(
    session: Session, person_id: str, key: str = "k", template: str = "booked", due_at: datetime = NOW,
    now: datetime | None = None, **other: Param,
) -> str:  # fmt: skip
    return plan(
        session, person_id=person_id, template=template, subject="call:1", params=params(**other), due_at=due_at,
        key=key, now=now or due_at,
    )  # fmt: skip


def plan_one(
    database: Database, person_id: str, key: str = "k", template: str = "booked", due_at: datetime = NOW,
    now: datetime | None = None, **other: Param,
) -> str:  # fmt: skip
    with database.begin() as session:
        return plan_in(session, person_id, key, template, due_at, now, **other)


def worker(
    database: Database, clock: StepClock, *gateways: SmsGateway, push: PushSender | None = None,
    crash: Callable[[str], None] | None = None,
) -> Worker:  # fmt: skip
    courier = Courier(Outside(gateways, push, Wording(LINK, SEALER)), jitter=lambda: 0)
    return Worker(database, clock, Handlers(steps={}, errands={}, batches={DELIVER: courier}), crash=crash)


def work_off(
    database: Database, clock: StepClock, *gateways: SmsGateway, until: datetime | None = None,
    push: PushSender | None = None,
) -> None:  # fmt: skip
    """Let a new worker do everything that falls due, stepping the clock from one due row to the next."""
    for _ in range(2000):
        while worker(database, clock, *gateways, push=push).run_due(Lane.SEND):
            pass
        at = next_instant(database)
        if at is None or (until and at > until):
            return
        clock.at = max(clock.at, at)
    raise AssertionError("the work never ends")


def next_instant(database: Database) -> datetime | None:
    with database.read() as session:
        rows = session.scalars(select(DueRow).where(DueRow.lane == Lane.SEND)).all()
        waiting = [row.due_at for row in rows if row.state is DueState.WAITING]
        leased = [row.leased_until for row in rows if row.state is DueState.LEASED and row.leased_until]
    return min([*waiting, *leased], default=None)


def notice_of(database: Database, notice_id: str) -> Notice:
    with looking(database) as session:
        return session.get_one(Notice, notice_id)


def deliveries(database: Database, notice_id: str) -> list[Delivery]:
    with looking(database) as session:
        mine = select(Delivery).where(Delivery.notice_id == notice_id).order_by(Delivery.number)
        return list(session.scalars(mine))


def attempts(database: Database, notice_id: str) -> list[Attempt]:
    with looking(database) as session:
        made = select(Attempt).join(Delivery, Delivery.id == Attempt.delivery_id).where(Delivery.notice_id == notice_id)
        return list(session.scalars(made.order_by(Delivery.number, Attempt.number)))


def due_rows(database: Database, kind: str) -> list[DueRow]:
    with looking(database) as session:
        return list(session.scalars(select(DueRow).where(DueRow.kind == kind).order_by(DueRow.due_at)))


def hinted(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        return [(change.topic, change.subject_id) for change in session.scalars(select(Change))]


def once(error: Exception) -> Callable[[], None]:
    """Raise an error the first time only."""
    errors = [error]

    def hook() -> None:
        if errors:
            raise errors.pop()

    return hook


@contextmanager
def looking(database: Database) -> Iterator[Session]:
    """A read whose records stay readable afterwards."""
    with database.read() as session:
        yield session
        session.expunge_all()
