from pathlib import Path

import pytest

from tests.groups import GROUPS, ROOT, Group, chosen, misplaced
from tests.schedule import startable

LIGHT = Group("light", "", 10)
WIDE = Group("wide", "", 10, workers=2)
ALONE = Group("alone", "", 10, alone=True)


def test_every_test_file_of_the_project_is_in_one_group() -> None:
    assert list(misplaced(ROOT / "tests")) == []


@pytest.mark.parametrize(
    ("folders", "complaint"),
    [
        ((), "no group"),
        (("room", "room/inner"), "one and one"),
        (("room",), ""),
        (("roo",), "no group"),
        (("room/inner/test_a.py",), ""),
    ],
)
def test_a_file_belongs_to_exactly_one_group(tmp_path: Path, folders: tuple[str, ...], complaint: str) -> None:
    _write(tmp_path / "room/inner/test_a.py")
    _write(tmp_path / "room/inner/__init__.py")
    found = " ".join(misplaced(tmp_path, [Group("one", "", 10, folders)]))
    assert complaint in found
    assert bool(found) == bool(complaint)


def test_a_folder_of_tests_is_a_package(tmp_path: Path) -> None:
    _write(tmp_path / "room/test_a.py")
    assert "__init__.py" in " ".join(misplaced(tmp_path, [Group("one", "", 10, ("room",))]))


def test_long_groups_run_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    long = Group("long", "", 10, long=True)
    monkeypatch.setattr("tests.groups.GROUPS", (LIGHT, long))
    assert chosen([], acceptance=False) == (LIGHT,)
    assert chosen([], acceptance=True) == (LIGHT, long)
    assert chosen(["long"], acceptance=False) == (long,)
    with pytest.raises(LookupError, match="no such group: lihgt"):
        chosen(["lihgt"], acceptance=False)


@pytest.mark.parametrize(
    ("waiting", "running", "starting"),
    [
        ([LIGHT, ALONE], [], [LIGHT]),
        ([ALONE, LIGHT], [], [ALONE]),
        ([ALONE, LIGHT], [LIGHT], [LIGHT]),
        ([WIDE, LIGHT], [], [WIDE]),
        ([LIGHT], [ALONE], []),
        ([LIGHT, LIGHT, LIGHT], [], [LIGHT, LIGHT]),
    ],
)
def test_groups_share_two_cores(waiting: list[Group], running: list[Group], starting: list[Group]) -> None:
    assert startable(waiting, running) == starting


def test_no_group_asks_for_more_than_there_is() -> None:
    assert {group.name: group.cores for group in GROUPS if group.cores > 2} == {}


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
