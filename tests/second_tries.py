"""A pytest plugin for groups that try a failed test once more: what the second try must have of its own.

Its module's fixtures, since a story that stopped halfway leaves a village behind in which it can't be told again; those
of the session stay. And its time limit: one that has gone off, or that a failure took off, isn't set again by
pytest-timeout, and a second try could hang.
"""

from typing import Any

import pytest

LIMIT = pytest.StashKey[Any]()


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> None:
    item.stash[LIMIT] = settings


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Function) -> None:
    if getattr(item, "execution_count", 1) == 1:
        return
    if LIMIT in item.stash:
        item.ihook.pytest_timeout_cancel_timer(item=item)
        item.ihook.pytest_timeout_set_timer(item=item, settings=item.stash[LIMIT])
    request: Any = item._request
    for fixtures in item._fixtureinfo.name2fixturedefs.values():
        for fixture in fixtures:
            if fixture.scope == "module":
                fixture.finish(request)
