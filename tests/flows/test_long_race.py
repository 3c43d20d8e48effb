"""An evening of everything at once: families and workers, each in a process of its own, on both databases."""

import json
import subprocess
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.calls import timetable
from app.calls.models import Call
from app.calls.words import CallState, Origin
from app.jobs.models import DueRow
from app.jobs.words import DueState, Lane
from app.storage.database import Database
from tests.benchmarks.race import held_twice
from tests.flows.racing_villagers import LASTS
from tests.flows.racing_worker import worker_on
from tests.flows.test_offer_races import check_whole
from tests.groups import ROOT
from tests.scene import NOW, set_scene

FAMILIES, VILLAGERS, WORKERS, ACTS = ("drum", "star", "cloud", "ox"), 4, 2, 250
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]


def test_nothing_is_held_twice_and_nothing_leaks(database: Database, database_url: str, tmp_path: Path) -> None:
    scene = set_scene(database)
    more = [scene.move_in(f"Family {emblem}", emblem, number) for number, emblem in enumerate(FAMILIES, start=51)]
    households = json.dumps([asdict(one) for one in (scene.alice, scene.bob, *more)])
    commands = [
        [sys.executable, "-m", "tests.flows.racing_villagers", database_url, str(seed), str(ACTS)]
        for seed in range(VILLAGERS)
    ]
    last = (NOW + LASTS).isoformat()
    commands += [
        [sys.executable, "-m", "tests.flows.racing_worker", database_url, str(tmp_path), NOW.isoformat(), last]
    ] * WORKERS
    racers = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    for number, racer in enumerate(racers):
        assert racer.stdin
        assert racer.stdout
        if number < VILLAGERS:
            racer.stdin.write(f"{households}\n")
            racer.stdin.flush()
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("\n")
        racer.stdin.flush()
    for racer in racers:
        racer.communicate(timeout=600)
    assert [racer.returncode for racer in racers] == [0] * len(racers)
    scene.clock.at = NOW + LASTS
    worker = worker_on(database, tmp_path, scene.clock.now())
    while worker.run_due(Lane.STEP):
        pass
    check_whole(scene)
    with database.read() as session:
        assert held_twice(session) == 0
        offers = session.scalars(select(Call).where(Call.origin == Origin.WAIT)).all()
        open_offers = [call.family_id for call in offers if call.state is CallState.PROPOSED]
        assert len(set(open_offers)) == len(open_offers)
        assert offers, "nothing was offered: the race was about nothing"
        woken = {row.key for row in session.scalars(select(DueRow).where(DueRow.state == DueState.WAITING))}
        ahead = select(Call.id).where(Call.state != CallState.ENDED, Call.ends_at > NOW + LASTS + timedelta(minutes=1))
        assert {f"{timetable.TICK}:{call_id}" for call_id in session.scalars(ahead)} <= woken
