"""What a program makes once and the tests make thousands of times in one process is made once here as well: the code
that builds a route's addresses, and the files that browsers load. Neither knows which application it was made for.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.routing import rules

from app.web import assets


def make_once() -> None:
    """Once per process, before the first test."""
    vars(rules)["parse_converter_args"] = cache(rules.parse_converter_args)
    vars(rules)["Rule"]._compile_builder = _built_once(rules.Rule._compile_builder)
    vars(assets)["_asset"] = _read_once(assets._asset)
    vars(assets)["_sentences"] = cache(assets._sentences)


Builder = Callable[..., tuple[str, str]]


def _built_once(build: Callable[[rules.Rule, bool], Builder]) -> Callable[[rules.Rule, bool], Builder]:
    """By all that goes into the code but defaults, which no route of ours has."""
    built: dict[Any, Builder] = {}

    def builder(rule: rules.Rule, append_unknown: bool = True) -> Builder:
        if rule.defaults:
            return build(rule, append_unknown)
        what = rule.rule, tuple(rule._trace), append_unknown
        if what not in built:
            built[what] = build(rule, append_unknown)
        return built[what]

    return builder


def _read_once(read: Callable[[Path], assets.Asset]) -> Callable[[Path], assets.Asset]:
    """Until it changes on the disk."""
    known = cache(lambda path, _size, _changed_ns: read(path))

    def asset(path: Path) -> assets.Asset:
        now = path.stat()
        return known(path, now.st_size, now.st_mtime_ns)

    return asset
