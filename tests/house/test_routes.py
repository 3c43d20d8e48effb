"""The README's table of who may call what is the one that the code makes."""

import re
from pathlib import Path

import pytest

from app.programs import routes
from app.web.principals import COORDINATOR
from tests.house.test_code import ROOT

REFRESH = "run `homethread routes --readme README.md`"


def written() -> str:
    found = re.search(r"<!-- routes -->\n(.*?)\n<!-- routes -->", (ROOT / "README.md").read_text(), re.S)
    assert found, "the README has no table between its markers"
    return found[1].strip()


@pytest.fixture(scope="module")
def table() -> str:
    return routes.table(routes.application())


def test_the_readme_says_who_may_call_what(table: str) -> None:
    assert written() == table, REFRESH


@pytest.mark.parametrize(
    ("row", "marks"),
    [
        ("`GET /api/now`", "|  | x | x | x |  |"),
        ("`POST /api/sign_in/password`", "| x |  |  |  |  |"),
        ("`POST /api/consents`", "|  |  |  | x |  |"),
        ("`POST /api/terminal/token`", "| x |  |  |  |  |"),
        ("event `take_seat`", "|  | x | x | x | x |"),
        ("event `media_beat`", "|  |  |  |  | x |"),
    ],
)
def test_the_table_is_what_the_routes_declare(table: str, row: str, marks: str) -> None:
    assert [line for line in table.splitlines() if row in line] == [f"| {row} {marks}"]


def test_the_table_has_every_route(table: str) -> None:
    web = routes.application()
    for rule in web.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert f"`{method} {rule}`" in table
    assert COORDINATOR in web.sockets.declared["take_seat"].allowed
    assert all(f"event `{event}`" in table for event in web.sockets.declared)


def test_it_is_made_from_the_code_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No database, no settings of this machine, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOMETHREAD_DATABASE_URL", "postgresql://nowhere/nothing")
    assert routes.table(routes.application())
    assert not list(tmp_path.iterdir())
