"""Modules are served without their comments: what is left must be the same code, as TypeScript's parser reads it."""

import re
import subprocess
from pathlib import Path

from app.factory import static_folder
from app.web.assets import without_comments
from tests.groups import ROOT

TSC = ROOT / "tests/node_modules/.bin/tsc"
BARE = ("--allowJs", "--removeComments", "--noCheck", "--noResolve", "--target", "esnext", "--module", "esnext")
SEEN = {
    "let a = 1; // one": "let a = 1;",
    'let a = "b; // c";': 'let a = "b; // c";',
    "let a = f(); // isn't stripped": "let a = f(); // isn't stripped",
    "run(); // said\n// all of it\n/** as well */\nrest();": "run();\nrest();",
}


def bare(folder: Path, sources: dict[str, str]) -> dict[str, str]:
    """The code of each module as it is read, without comments and empty lines."""
    for name, source in sources.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_text(source)
    files = [str(folder / "in" / name) for name in sources]
    command = [str(TSC), *BARE, "--rootDir", str(folder / "in"), "--outDir", str(folder / "out"), *files]
    subprocess.run(command, check=True, timeout=120)
    return {name: re.sub(r"\n\s*\n", "\n", (folder / "out" / name).read_text()) for name in sources}


def test_every_module_is_the_same_without_its_comments(tmp_path: Path) -> None:
    modules = {str(path.relative_to(static_folder())): path.read_text() for path in static_folder().rglob("*.js")}
    served = {name: without_comments(source) for name, source in modules.items()}
    assert len(modules) > 100
    assert bare(tmp_path / "whole", modules) == bare(tmp_path / "served", served)


def test_code_that_is_another_is_found(tmp_path: Path) -> None:
    first = bare(tmp_path / "first", {"a.js": "f(1); // one\n", "b.js": "f(1);\n"})
    assert first["a.js"] == first["b.js"] != bare(tmp_path / "second", {"a.js": "f(2);\n"})["a.js"]


def test_comments_go_and_strings_stay() -> None:
    assert {source: without_comments(source) for source in SEEN} == SEEN
