"""What was recorded of a call can be replayed: the same looks lead to the same rungs, also from a file."""

import json
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from app.media.memory import LONGEST_STEP_MS
from tests.media import replay
from tests.media.replay import LADDER, changes, looks_of
from tests.media.thin_model import Stretch, lived

MINUTE = 60
TRACES = {
    "steady": [Stretch(MINUTE, 300, 150, 0.01)],
    "thin": [Stretch(MINUTE, 64, 300, 0.03)],
    "sinks": [Stretch(MINUTE, kbps, 300, 0.03) for kbps in (300, 64, 32, 64, 300)],
    "blackout": [Stretch(20, 128, 200, 0.01), Stretch(15, 0), Stretch(20, 128, 200, 0.01)],
    "bufferbloat": [Stretch(5, 500, 100, queued_ms=queued) for queued in range(0, 1_500, 100)],
}
RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.jsonl"))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_what_a_real_call_saw_leads_to_what_it_proposed(path: Path) -> None:
    """Of a link that sank and rose again, look by look. `tests.benchmarks thinlink` keeps such in `tests/out/looks`."""
    looks = looks_of(path)
    begun = [{"at_ms": looks[0]["at_ms"] - LONGEST_STEP_MS}, *looks]
    rungs = [step.rung for step in replay.replay(begun, looks[0]["in_effect"])]
    picked = [after if after != before else None for before, after in pairwise(rungs)]
    assert picked == [look["proposed"] for look in looks]
    assert len([rung for rung in picked if rung]) > 3


def test_a_real_call_was_recorded() -> None:
    assert RECORDED


@pytest.mark.parametrize("name", TRACES)
def test_a_record_leads_to_the_same_rungs(name: str, tmp_path: Path) -> None:
    recorded = list(lived(LADDER, "micro_video", TRACES[name]))
    path = tmp_path / f"{name}.jsonl"
    path.write_text("".join(json.dumps({**seen, "spoken": "no figure"}) + "\n" for seen, _rung in recorded))
    begun = [{"at_ms": 0}, *looks_of(path)]
    assert [step.rung for step in replay.replay(begun, "micro_video")][1:] == [rung for _seen, rung in recorded]


def test_the_command_prints_each_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recorded = [seen for seen, _rung in lived(LADDER, "video", TRACES["sinks"])]
    path = tmp_path / "sinks.jsonl"
    path.write_text("\n".join(json.dumps(seen) for seen in recorded))
    monkeypatch.setattr(sys, "argv", ["replay", str(path), "--start", "video", "--hold", "stills"])
    replay.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[2:4] == ["stills", "held"]
    assert len(lines) == len(list(changes(replay.replay(recorded, "video", "stills"))))
