"""The ladder as it is shipped, and what is refused as one."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.factory import static_folder
from app.kernel.rungs import RungName
from app.media.ladder import LadderError, ladder_of, read

FILE = static_folder() / "call" / "ladder.json"
DATA = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_ladder_that_is_shipped() -> None:
    ladder = read(FILE)
    assert [rung.name for rung in ladder.rungs] == list(RungName)
    assert ladder["clips"].audio is None
    assert [rung.name for rung in ladder.rungs if rung.video] == ["video", "thin_video", "micro_video"]
    assert [rung.name for rung in ladder.rungs if rung.audio and rung.audio.feedback] == [
        rung.name for rung in ladder.rungs if rung.video
    ], "without a picture the browser's estimate costs more than it tells; with one it must have grown before a climb"
    for rung in ladder.rungs:
        if rung.audio and rung.name != RungName.VIDEO:
            assert rung.audio.max_kbps + (rung.video.max_kbps if rung.video else 0) < rung.needs_kbps


def test_of_two_rungs_the_lower_holds() -> None:
    assert RungName.VIDEO.at_most(RungName.STILLS) is RungName.STILLS
    assert RungName.CLIPS.at_most(RungName.STILLS) is RungName.CLIPS


def swapped(data: Any) -> None:
    data["rungs"][0], data["rungs"][1] = data["rungs"][1], data["rungs"][0]


def put(rung: int, part: str | None, name: str, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        (data["rungs"][rung][part] if part else data["rungs"][rung])[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (swapped, "in this order"),
        (lambda data: data["rungs"].pop(), "in this order"),
        (lambda data: data.pop("rungs"), "lacks rungs"),
        (lambda data: data["rungs"].append(None), "no such rung"),
        (lambda data: data["rungs"][2].pop("audio"), "micro_video: lacks 'audio'"),
        (put(0, None, "name", "hd"), "no such rung: 'hd'"),
        (put(1, None, "needs_kbps", 400), "needs less"),
        (put(1, None, "needs_kbps", -1), "thin_video: needs_kbps"),
        (put(1, None, "audio", None), "carries voice"),
        (put(1, "audio", "packet_ms", 30), "packet_ms"),
        (put(1, "audio", "max_kbps", True), "max_kbps"),
        (put(1, "audio", "dtx", 1), "dtx"),
        (put(1, "audio", "redundancy", "always"), "redundancy"),
        (put(1, "audio", "redundancy", {"packet_ms": 30, "max_kbps": 11}), "packet_ms"),
        (put(1, "audio", "redundancy", {"packet_ms": 60}), "lacks 'max_kbps'"),
        (put(1, "audio", "redundancy", {}), "lacks 'packet_ms'"),
        (put(1, "video", "max_fps", "8"), "max_fps"),
        (put(3, "stills", "every_seconds", 0), "every_seconds"),
        (put(3, "stills", "max_bytes", 10**6), "max_bytes"),
    ],
)
def test_what_is_no_ladder_is_refused(change: Callable[[Any], None], says: str) -> None:
    data = copy.deepcopy(DATA)
    change(data)
    with pytest.raises(LadderError, match=says):
        ladder_of(data)


def test_a_file_that_is_no_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ladder.json"
    path.write_text("{")
    with pytest.raises(LadderError, match=r"ladder\.json"):
        read(path)
