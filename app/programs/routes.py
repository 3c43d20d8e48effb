"""Who may call what, as a table made from the code itself: every route and every socket event."""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from app import bootstrap, factory
from app.config import BadSetting, load
from app.factory import Web
from app.web.principals import ANYONE, COORDINATOR, MEDIA, PERSON, TERMINAL, Allowed

COLUMNS: tuple[Allowed, ...] = (ANYONE, PERSON, TERMINAL, COORDINATOR, MEDIA)
MARKER = "<!-- routes -->"
HEADS = ("", "anyone", "phone", "terminal", "desk", "media")


def application() -> Web:
    """The whole web application with nothing behind it; the demo's routes are there as well."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"HOMETHREAD_DATA_DIR": str(Path(folder)), "HOMETHREAD_DEMO": "1"})
        return factory.create(bootstrap.build(settings))


def table(web: Web) -> str:
    """Markdown: a row for each method and path, then for each socket event."""
    rows = [(f"`{method} {path}`", allowed) for path, method, allowed in _routes(web)]
    rows += [(f"event `{event}`", declared.allowed) for event, declared in sorted(web.sockets.declared.items())]
    lines = [_line(HEADS), _line("---" if not head else ":-:" for head in HEADS)]
    lines += [_line([name, *("x" if who in allowed else "" for who in COLUMNS)]) for name, allowed in rows]
    return "\n".join(lines)


def refresh(readme: Path, made: str) -> None:
    """Put the table between the markers of a README."""
    before, _, after = readme.read_text().partition(MARKER)
    _old, marker, rest = after.partition(MARKER)
    if not marker:
        raise BadSetting(f"{readme} has no two lines {MARKER}")
    readme.write_text(f"{before}{MARKER}\n{made}\n{MARKER}{rest}")


def _routes(web: Web) -> list[tuple[str, str, tuple[Allowed, ...]]]:
    views = web.app.view_functions
    return sorted(
        (str(rule), method, getattr(views[rule.endpoint], "allowed", ()))
        for rule in web.app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
