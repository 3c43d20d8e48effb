"""The picker as the browser runs it: the same table as Python's, and the same answers to whatever figures come."""

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route

from app.factory import static_folder
from app.kernel.rungs import RungName
from tests.browser.conftest import PHONE, Devices
from tests.media.cases import cases, in_runs
from tests.media.replay import replay

HOST = "http://static.invalid"
ODD = [None, math.nan, math.inf, -1, 1e300, True, "12"]

RUN = """async (sequences) => {
  const { begin, hold, pick } = await import("/call/picker.js");
  const { readLadder } = await import("/call/ladder.js");
  const ladder = await readLadder();
  return sequences.map(({ start, held, begins_at_ms, looks }) => {
    let memory = JSON.parse(JSON.stringify(hold(begin(ladder, start, begins_at_ms), held)));
    return looks.map((look) => {
      const picked = pick(ladder, memory, look);
      memory = picked.memory;
      return [picked.rung, picked.reason, picked.is_lossy];
    });
  });
}"""


@pytest.fixture
def pick(devices: Devices) -> Callable[[list[dict[str, Any]]], list[list[tuple[str, str, bool]]]]:
    """What the browser's own modules pick after each look. The files come from the folder, no program runs."""
    page = devices.device(PHONE).new_page()

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        kind = "application/json" if name.endswith(".json") else "text/javascript"
        if name:
            route.fulfill(path=static_folder() / name, content_type=kind)
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")
    return lambda sequences: [[tuple(step) for step in steps] for steps in page.evaluate(RUN, sequences)]


def test_the_table(pick: Callable[..., Any]) -> None:
    table = cases()
    found = pick([{k: v for k, v in case._asdict().items() if k != "picked"} for case in table])
    for case, picked in zip(table, found, strict=True):
        assert in_runs(picked) == in_runs(case.picked), case.name


@pytest.mark.parametrize("many", [150, pytest.param(400, marks=pytest.mark.long)])
def test_python_and_javascript_answer_alike(pick: Callable[..., Any], many: int) -> None:
    chance = random.Random(7)
    sequences = [sequence(chance) for _ in range(many)]
    found = pick(sequences)
    for sent, picked in zip(sequences, found, strict=True):
        steps = replay(sent["looks"], sent["start"], sent["held"])
        assert picked == [(step.rung, step.reason, step.is_lossy) for step in steps]
    assert {reason for picked in found for _rung, reason, _is_lossy in picked} == {
        "start", "link", "loss", "delay", "better", "held", "nothing",
    }  # fmt: skip


def sequence(chance: random.Random) -> dict[str, Any]:
    """Stretches of looks, good and bad and odd, at times that mostly go on."""
    names = [rung.value for rung in RungName]
    at_ms, looks = chance.randrange(10**9), []
    for _ in range(chance.randint(1, 8)):
        sight, every_ms = sight_of(chance, names), chance.choice([250, 1_000, 1_000, 1_500, 5_000])
        for _ in range(chance.randint(1, 20)):
            at_ms += every_ms if chance.random() < 0.98 else chance.choice([-3_600_000, 3_600_000])
            looks.append({"at_ms": max(0, at_ms), **sight})
    held = chance.choice([None, None, None, *names])
    return {"start": chance.choice(names), "held": held, "begins_at_ms": looks[0]["at_ms"], "looks": looks}


def sight_of(chance: random.Random, names: list[str]) -> dict[str, Any]:
    def one_of(*values: Any) -> Any:
        return chance.choice(ODD) if chance.random() < 0.03 else chance.choice(values)

    return {
        "rtt_ms": one_of(100, 120, 150, 150, 400, 700, 1_700, 3_300), "loss_in": one_of(0, 0, 0.01, 0.05, 0.3, None),
        "loss_out": one_of(0, 0, 0.02, 0.05, 0.15, 0.7, None), "jitter_ms": one_of(10, 40, 200, 400),
        "concealed": one_of(0, 0, 0.05, 0.4, None), "received_kbps": one_of(0, 3, 15, 50, 90, 250),
        "sent_kbps": one_of(3, 15, 50, 90, 250, None), "available_kbps": one_of(None, 20, 50, 110, 400),
        "drain_kbps": one_of(None, None, 3, 7, 40), "late_ms": one_of(None, 0, 60, 300, 600, 1_400),
        "heard": one_of(True, True, True, False), "in_effect": one_of(None, None, None, *names),
    }  # fmt: skip
