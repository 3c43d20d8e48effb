"""Reminders that fall due within one minute, sent by two workers through a gateway over HTTP on this machine.

100,000 on PostgreSQL (durable), 10,000 on SQLite, and beside them Celery over Redis making the same calls of the same
vendor. What was sent, and when, is read from what the vendor took; lateness is against the instant each was due.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.families.models import Member, Person
from app.jobs.models import DueRow
from app.kernel.ids import random_id
from app.notices.models import Notice
from app.notices.service import plan
from app.notices.templates import Param
from app.storage.database import Database
from app.storage.migrate import upgrade
from app.storage.record import Record
from tests.benchmarks.result import Figure, Result
from tests.groups import PYTHON, ROOT
from tests.scene import set_scene
from tests.services.postgres import PrivatePostgres
from tests.services.redis import PrivateRedis
from tests.services.text_vendor import SECRET_KEY, Taken, TextVendor

MANY, FEW = 100_000, 10_000
WORKERS, THREADS = 2, 16
WINDOW = timedelta(minutes=1)
LEAD_SECONDS = 6
PATIENCE_SECONDS = 900
PUT_AT_ONCE = 5_000
Values = dict[str, Any]
# If it is fewer, the run ends with that word.
TASKS_PUT_A_SECOND, ROWS_PLANNED_A_SECOND = 1_500, 2_500


@dataclass(frozen=True)
class Sent:
    """One run: how many, how fast, how late; all instants are seconds of the machine's clock."""

    count: int
    twice: int
    per_second: float
    p50_late_seconds: float
    p99_late_seconds: float


def run(many: int = MANY, few: int = FEW) -> Result:
    ours = {"postgresql": _on_postgres(many), "sqlite": _on_sqlite(few)}
    reference = {f"celery_{count}": _by_celery(count) for count in dict.fromkeys((many, few))}
    return Result("reminders", _figures(ours), _figures(reference), "Celery with Redis, two workers of 16 threads")


def _figures(runs: dict[str, Sent]) -> dict[str, Figure]:
    return {
        f"{name}_{figure}": Figure.of([float(value)])
        for name, sent in runs.items()
        for figure, value in vars(sent).items()
    }


def _on_postgres(count: int) -> Sent:
    server = PrivatePostgres(durable=True)
    try:
        return _ours(server.url(server.create_database()), count)
    finally:
        server.stop()


def _on_sqlite(count: int) -> Sent:
    with tempfile.TemporaryDirectory(prefix="homethread-reminders-") as folder:
        return _ours(f"sqlite:///{folder}/homethread.sqlite", count)


def _ours(url: str, count: int) -> Sent:
    database = Database(url)
    upgrade(database)
    with _vendor() as vendor, tempfile.TemporaryDirectory() as folder:
        starts_at = time.time() + LEAD_SECONDS + count / ROWS_PLANNED_A_SECOND
        _plan(database, count, datetime.fromtimestamp(starts_at, UTC))
        database.close()
        assert time.time() < starts_at - 2, "planning took longer than was thought"
        settings = {
            "HOMETHREAD_DATABASE_URL": url,
            "HOMETHREAD_DATA_DIR": folder,
            "HOMETHREAD_SMS_GATEWAYS": vendor.address("http://127.0.0.1:9"),
            "HOMETHREAD_SECRET_KEY": SECRET_KEY.hex(),
            "HOMETHREAD_LOG_LEVEL": "warning",
        }
        with _programs([[PYTHON, "-m", "app", "worker"]] * WORKERS, settings):
            return _watched(vendor, count, starts_at, _number_of_key)


def _by_celery(count: int) -> Sent:
    redis = PrivateRedis()
    try:
        with _vendor() as vendor:
            settings = {"BENCH_BROKER": redis.url, "BENCH_VENDOR_PORT": str(vendor.port)}
            starts_at = time.time() + LEAD_SECONDS + count / TASKS_PUT_A_SECOND
            _put_tasks(settings, count, starts_at)
            celery = [PYTHON, "-m", "celery", "-A", "tests.benchmarks.celery_sends", "worker", "--pool", "threads"]
            options = ["-c", str(THREADS), "--without-gossip", "--without-mingle", "-l", "error"]
            workers = [[*celery, *options, "-n", f"w{n}@bench"] for n in range(WORKERS)]
            with _programs(workers, settings):
                return _watched(vendor, count, starts_at, _number_of_key)
    finally:
        redis.stop()


def _put_tasks(settings: dict[str, str], count: int, starts_at: float) -> None:
    half = count // 2
    putting = [
        subprocess.Popen(
            [PYTHON, "-m", "tests.benchmarks.celery_sends", str(first), str(last), str(count), str(starts_at)],
            cwd=ROOT,
            env={**os.environ, **settings},
        )
        for first, last in ((0, half), (half, count))
    ]
    assert [one.wait() for one in putting] == [0, 0]
    assert time.time() < starts_at - 2, "putting the tasks took longer than was thought"


def _watched(vendor: TextVendor, count: int, starts_at: float, number: Callable[[str], int]) -> Sent:
    """Wait until the vendor has all of them."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while len(vendor.taken()) < count and time.monotonic() < give_up:
        time.sleep(1)
    time.sleep(1)  # for what comes twice
    taken = vendor.taken()
    first: dict[str, Taken] = {}
    for one in taken:
        first.setdefault(one.key, one)
    late = sorted(one.at - starts_at - 60 * number(one.key) / count for one in first.values())
    last_at = max(one.at for one in first.values())
    return Sent(
        count=len(first),
        twice=len(taken) - len(first),
        per_second=len(first) / (last_at - starts_at),
        p50_late_seconds=late[len(late) // 2],
        p99_late_seconds=late[len(late) * 99 // 100],
    )


def _number_of_key(key: str) -> int:
    return int(key.rsplit(":", 1)[1])


def _plan(database: Database, count: int, starts_at: datetime) -> None:
    """One reminder is planned as every other; the rest are its copies, each to a person of its own."""
    household = set_scene(database).alice
    params: dict[str, Param] = {"parent": "Li Wei", "child": "Xiaohe", "place": "Redstone", "starts_at": starts_at}
    with database.begin() as session:
        plan(
            session, person_id=household.parent, family_id=household.family, template="reminder_hour",
            subject="call:0", params=params, due_at=starts_at, key="reminder:0", now=datetime.now(UTC),
        )  # fmt: skip
    with database.read() as session:
        notice = _values(session.scalars(select(Notice)).one())
        row = _values(session.scalars(select(DueRow).where(DueRow.subject == "call:0", DueRow.lane != "step")).one())
        person = _values(session.get_one(Person, household.parent))
        member = _values(session.scalars(select(Member).where(Member.person_id == household.parent)).one())
    for first in range(1, count, PUT_AT_ONCE):
        numbers = range(first, min(count, first + PUT_AT_ONCE))
        with database.begin() as session:
            _copy(session, {n: starts_at + WINDOW * n / count for n in numbers}, person, member, notice, row)


def _copy(
    session: Session, due_at: Mapping[int, datetime], person: Values, member: Values, notice: Values, row: Values
) -> None:  # fmt: skip
    persons, members, notices, rows = [], [], [], []
    for number, at in due_at.items():
        who, what = random_id(), random_id()
        persons.append({**person, "id": who, "phone": f"+86139{number:08}"})
        members.append({**member, "id": random_id(), "person_id": who})
        own = {"subject": f"call:{number}", "due_at": at}
        notices.append({**notice, **own, "id": what, "person_id": who, "key": f"reminder:{number}"})
        payload = {**row["payload"], "notice": what}
        rows.append({**row, **own, "id": random_id(), "key": f"deliver:{what}:1", "payload": payload})
    for table, values in ((Person, persons), (Member, members), (Notice, notices), (DueRow, rows)):
        session.execute(insert(table), values)


def _values(record: Record) -> Values:
    return {attribute.key: getattr(record, attribute.key) for attribute in type(record).__mapper__.column_attrs}


@contextmanager
def _vendor() -> Iterator[TextVendor]:
    vendor = TextVendor()
    try:
        yield vendor
    finally:
        vendor.stop()


@contextmanager
def _programs(commands: Sequence[Sequence[str]], settings: dict[str, str]) -> Iterator[None]:
    with ExitStack() as stack:
        for command in commands:
            program = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **settings})
            stack.callback(program.wait)
            stack.callback(program.terminate)
        yield
