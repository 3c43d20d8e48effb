"""What was recorded of a call can be replayed: the same looks lead to the same rungs, also from a file."""

import json
import sys
from pathlib import Path

import pytest

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
