"""Workers and web are killed at random while notices fall due, and the vendor, the database and the clock misbehave.

What the vendor took is the truth that our record is held against:
- lost: never taken, and our record does not say why;
- doubled: taken more often than our record doubts (a send whose answer never came may be repeated once by its policy);
- doubtful: sends of which nobody knew the fate; they are on record, each by name.
"""

import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from itertools import cycle
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.families.models import Member, Person
from app.families.words import MemberRole
from app.jobs.models import DueRow
from app.jobs.words import DueState
from app.notices.models import Attempt, Delivery, Notice
from app.notices.service import plan
from app.notices.templates import Param
from app.notices.words import AttemptState, DeliveryState, NoticeState
from app.storage.database import Database, new_id
from app.storage.migrate import upgrade
from tests.faults.notice_programs import SteppedClock, command
from tests.groups import ROOT
from tests.scene import Household, set_scene
from tests.services.ports import free_port
from tests.services.postgres import PrivatePostgres
from tests.services.text_vendor import SECRET_KEY, Receipts, TextVendor, Way

# Kinds of every policy: repeated after the receipt's deadline, once only, and short of use.
TEMPLATES = ("reminder_hour", "booked", "reminder_ten", "ring_parent", "missed_parent", "cancelled")
# A worker is twice as old at its death as it takes to start, or most of them would die before they did any harm.
SECONDS_PER_KILL = 1.2
PATIENCE_SECONDS = 240
WEB_READY_SECONDS = 30
# A vendor that drops follows one that takes, where the circuit is closed: only who sends can be left in doubt.
# What the vendor does, one after the other, and for how long of the machine's own seconds; a short trial shortens all
# of it, so that each has its turn.
MISBEHAVIOUR: tuple[tuple[Way, Receipts, float], ...] = (
    ("taking", "once", 6), ("dropping", "twice", 3), ("taking", "twice", 4), ("hanging", "never", 4),
    ("down", "once", 4), ("taking", "never", 3), ("dropping", "never", 3), ("failing", "once", 3),
)  # fmt: skip
HANG_SECONDS = 60.0
OURS = ("notice.deliver", "notice.receipt")
DOUBTFUL = (AttemptState.UNKNOWN, AttemptState.SENDING)


@dataclass
class Found:
    """How it ended, by numbers of notices."""

    planned: int = 0
    kills: int = 0
    restarts_of_the_database: int = 0
    steps_of_the_clock: int = 0
    taken_once: int = 0
    taken_again_after_a_doubt: int = 0
    too_late_on_record: int = 0
    failed_on_record: int = 0
    unknown_on_record: int = 0
    doubts: int = 0
    lost: list[str] = field(default_factory=list)
    knowingly_doubled: list[str] = field(default_factory=list)

    def rows(self) -> Iterator[tuple[str, int]]:
        for name, value in vars(self).items():
            yield name.replace("_", " "), len(value) if isinstance(value, list) else value


@dataclass
class Ground:
    """All that runs: the database, the vendor, two workers, a web program, each started anew when it was killed."""

    folder: Path
    server: PrivatePostgres
    vendor: TextVendor
    database: Database
    settings: dict[str, str]
    household: Household
    clock: SteppedClock
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.programs[name] = subprocess.Popen(
                command(name.rstrip("0123456789"), self.folder), cwd=ROOT, env={**os.environ, **self.settings},
                stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, name: str) -> None:
        self.programs[name].send_signal(signal.SIGKILL)
        self.programs[name].wait()
        self.start(name)

    def step_clock(self, seconds: float) -> None:
        step = self.folder / "step"
        (self.folder / "next").write_text(str(float(step.read_text()) + seconds))
        (self.folder / "next").rename(step)

    def stop(self) -> None:
        for program in self.programs.values():
            program.kill()
            program.wait()
        self.database.close()


def run(
    kills: int = 200, notices: int = 5000, seed: int = 1, *, restarts: int = 3, steps: int = 2, speed: float = 10
) -> Found:  # fmt: skip
    chance = random.Random(seed)
    with ExitStack() as stack:
        ground = _ground(stack, speed)
        found = Found(planned=notices)
        lasts = kills * SECONDS_PER_KILL
        _plan(ground, notices, timedelta(seconds=lasts * speed), chance)
        for name in ("worker1", "worker2", "web"):
            ground.start(name)
        _disturb(ground, found, kills, lasts, chance, restarts, steps)
        ground.vendor.behave("taking", "once")
        _wait_until_settled(ground)
        _judge(ground, found)
        return found


def _ground(stack: ExitStack, speed: float) -> Ground:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="homethread-notices-")))
    server = PrivatePostgres(durable=True)
    stack.callback(server.stop)
    vendor = TextVendor()
    stack.callback(vendor.stop)
    (folder / "began").write_text(str(time.time()))
    (folder / "step").write_text("0")
    (folder / "speed").write_text(str(speed))
    database = Database(server.url(server.create_database()))
    upgrade(database)
    port = free_port()
    settings = {
        "HOMETHREAD_DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        "HOMETHREAD_DATA_DIR": str(folder), "HOMETHREAD_PORT": str(port),
        "HOMETHREAD_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "HOMETHREAD_SMS_GATEWAYS": vendor.address(f"http://127.0.0.1:{port}"),
        "HOMETHREAD_SECRET_KEY": SECRET_KEY.hex(),
        "HOMETHREAD_LOG_LEVEL": "warning",
    }  # fmt: skip
    household = set_scene(database).alice
    ground = Ground(folder, server, vendor, database, settings, household, SteppedClock(folder))
    stack.callback(ground.stop)
    return ground


def _plan(ground: Ground, count: int, within: timedelta, chance: random.Random) -> None:
    now = ground.clock.now()
    with ground.database.begin() as session:
        for number in range(count):
            due_at = now + chance.random() * within
            person_id = _person(session, ground.household, number)
            template = TEMPLATES[number % len(TEMPLATES)]
            params: dict[str, Param] = {
                "parent": "Li Wei", "child": "Xiaohe", "place": "Redstone", "starts_at": due_at, "reason": "",
                "offers_at": [due_at + timedelta(days=1)],
            }  # fmt: skip
            plan(
                session, person_id=person_id, template=template, subject=f"call:{number}", params=params,
                due_at=due_at, key=f"{template}:{number}", now=now,
            )  # fmt: skip


def _person(session: Session, household: Household, number: int) -> str:
    """Each notice has a reader of its own, so that none is told together with another."""
    like = session.get_one(Person, household.parent)
    person = Person(
        id=new_id(session), name=like.name, phone=f"+86139{number:08}", phone_confirmed_at=like.phone_confirmed_at,
        zone=like.zone, language=like.language,
    )  # fmt: skip
    session.add(person)
    session.flush()
    session.add(Member(id=new_id(session), family_id=household.family, person_id=person.id, role=MemberRole.PARENT))
    return person.id


def _disturb(
    ground: Ground, found: Found, kills: int, lasts: float, chance: random.Random, restarts: int, steps: int
) -> None:  # fmt: skip
    began = time.monotonic()
    plans = list(_misbehaviour(ground, lasts))
    plans += [(lasts * (n + 0.5) / max(1, kills), _killing(ground, found, chance)) for n in range(kills)]
    plans += [(lasts * (n + 0.7) / (restarts + 1), _restarting(ground, found)) for n in range(restarts)]
    forward_and_back = cycle((300, -300))
    plans += [(lasts * (n + 0.4) / (steps + 1), _stepping(ground, found, next(forward_and_back))) for n in range(steps)]
    for planned, act in sorted(plans, key=lambda one: one[0]):
        time.sleep(max(0.0, began + planned - time.monotonic()))
        act()


def _misbehaviour(ground: Ground, lasts: float) -> Iterator[tuple[float, Callable[[], None]]]:
    at = 0.0
    scale = min(1.0, lasts / sum(seconds for _, _, seconds in MISBEHAVIOUR))
    for way, receipts, seconds in cycle(MISBEHAVIOUR):
        yield at, partial(ground.vendor.behave, way, receipts, HANG_SECONDS / ground.clock.speed)
        at += seconds * scale
        if at > lasts:
            return


def _killing(ground: Ground, found: Found, chance: random.Random) -> Callable[[], None]:
    def kill() -> None:
        ground.kill(chance.choice(("worker1", "worker1", "worker2", "worker2", "web")))
        found.kills += 1

    return kill


def _restarting(ground: Ground, found: Found) -> Callable[[], None]:
    def restart() -> None:
        ground.server.restart()
        found.restarts_of_the_database += 1

    return restart


def _stepping(ground: Ground, found: Found, seconds: float) -> Callable[[], None]:
    def step() -> None:
        ground.step_clock(seconds)
        found.steps_of_the_clock += 1

    return step


def _wait_until_settled(ground: Ground) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while left := _unsettled(ground):
        assert time.monotonic() < give_up, left
        _pass_over_nothing(ground)
        time.sleep(0.2)


def _pass_over_nothing(ground: Ground) -> None:
    """Where nobody works on anything, and nothing is due for a while, the clock is set to what comes next."""
    with ground.database.read() as session:
        held = session.scalar(select(func.count()).where(DueRow.state == DueState.LEASED, DueRow.kind.in_(OURS)))
        waits = DueRow.state == DueState.WAITING, DueRow.kind.in_(OURS)
        comes = session.scalar(select(func.min(DueRow.due_at)).where(*waits))
    if not held and comes and (ahead := (comes - ground.clock.now()).total_seconds()) > ground.clock.speed / 2:
        ground.step_clock(ahead)


def _unsettled(ground: Ground) -> Counter[str]:
    """What is still to come: notices that are planned, and rows of theirs."""
    rows = (DueState.WAITING, DueState.LEASED)
    with ground.database.read() as session:
        planned = session.scalar(select(func.count()).where(Notice.state == NoticeState.PLANNED)) or 0
        due = session.execute(
            select(DueRow.kind, func.count()).where(DueRow.state.in_(rows), DueRow.kind.in_(OURS)).group_by(DueRow.kind)
        ).all()
    return +Counter({"planned": planned, **dict(due)})


def _judge(ground: Ground, found: Found) -> None:
    """Hold what the vendor took against what is on record, for each notice that was planned here."""
    taken = Counter(one.key for one in ground.vendor.taken())
    with ground.database.read() as session:
        planned = select(Notice.key, Delivery).outerjoin(Delivery).where(Notice.subject.startswith("call:"))
        rows: list[tuple[str, Delivery | None]] = [(key, delivery) for key, delivery in session.execute(planned)]
        doubtful = set(session.scalars(select(Attempt.delivery_id).where(Attempt.state.in_(DOUBTFUL))))
    for key, delivery in rows:
        times = taken.pop(key, 0)
        if delivery is None:
            found.lost.append(f"{key}: no delivery")
            continue
        found.doubts += delivery.doubts
        if times > 1 + delivery.doubts:
            found.knowingly_doubled.append(key)
        elif times:
            _count(found, "taken_once" if times == 1 else "taken_again_after_a_doubt")
        elif delivery.state is DeliveryState.FAILED and delivery.error:
            _count(found, "too_late_on_record" if delivery.error == "too_late" else "failed_on_record")
        elif delivery.state is DeliveryState.UNKNOWN and delivery.id in doubtful:
            _count(found, "unknown_on_record")
        else:
            found.lost.append(f"{key}: {delivery.state}")
    found.knowingly_doubled += [f"{key}: of no notice" for key in taken]


def _count(found: Found, name: str) -> None:
    setattr(found, name, getattr(found, name) + 1)
