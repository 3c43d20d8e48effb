"""Every route and every event declares who may call it; strangers see nothing; promises name their tests."""

import re
from pathlib import Path

import pytest
from flask import Flask

from app import bootstrap, factory
from app.config import PREFIX, SETTINGS, load
from app.factory import Web
from app.storage import migrate
from app.web.principals import ANYONE, FACES, MEDIA
from tests.house.promises import PROMISES
from tests.house.test_code import ROOT

KNOWN = {ANYONE, MEDIA, *FACES.values()}


@pytest.fixture
def web(sqlite_url: str, tmp_path: Path) -> Web:
    settings = load(
        {"HOMETHREAD_DATA_DIR": str(tmp_path), "HOMETHREAD_DATABASE_URL": sqlite_url, "HOMETHREAD_DEMO": "1"}
    )
    return factory.create(bootstrap.build(settings))


def views(app: Flask) -> dict[str, object]:
    return {
        f"{rule} {sorted(rule.methods or ())}": app.view_functions[rule.endpoint] for rule in app.url_map.iter_rules()
    }


def test_every_route_declares_who_may_call_it(web: Web) -> None:
    undeclared = [name for name, view in views(web.app).items() if not set(getattr(view, "allowed", ())) & KNOWN]
    assert not undeclared


def test_only_these_routes_are_open_to_anyone(web: Web) -> None:
    """A route that needs no sign-in is a decision: it is written down here."""
    rules = web.app.url_map.iter_rules()
    found = [rule for rule in rules if ANYONE in getattr(web.app.view_functions[rule.endpoint], "allowed", ())]
    asked_for_manners = {str(rule) for rule in found if rule.methods == {"OPTIONS"}}
    assert asked_for_manners == {"/uploads", "/uploads/<upload_id>"}
    assert {str(rule) for rule in found} - asked_for_manners == {
        "/", "/phone", "/terminal", "/desk", "/enter/<secret>", "/static/<version>/<path:name>", "/healthz", "/readyz",
        "/metrics", "/api/sign_in/code", "/api/sign_in/prove", "/api/sign_in/choose", "/api/sign_in/invitation",
        "/api/sign_in/password", "/api/pairing", "/api/pairing/claim", "/api/terminal/token",
        "/api/openapi.json", "/demo/phones", "/demo/phones/texts", "/calendar/<secret>.ics",
        "/hooks/<gateway>/<given>",
        "/sw.js",
    }  # fmt: skip


def test_every_event_declares_who_may_send_it(web: Web) -> None:
    assert set(web.sockets.declared) == {
        "beat", "take_seat", "leave_seat", "signal", "rung", "figures", "media_beat", "answering", "check_line",
        "line_checked", "leave_line_check",
    }  # fmt: skip
    assert all(declared.allowed and set(declared.allowed) <= KNOWN for declared in web.sockets.declared.values())


def test_the_api_describes_every_route_of_its_own(web: Web) -> None:
    described = web.app.test_client().get("/api/openapi.json").get_json()["paths"]
    real = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(r)) for r in web.app.url_map.iter_rules() if str(r).startswith("/api/")
    }
    bytes_not_json = {path for path in real if re.search("/(photos|prompts|recorded_names)/|/(photo|recording)$", path)}
    assert real - bytes_not_json - {"/api/openapi.json"} <= set(described)


def test_there_is_one_migration_head() -> None:
    assert migrate.head()


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert not [setting.name for setting in SETTINGS if PREFIX + setting.name not in readme]


@pytest.mark.parametrize(("promise", "tests"), PROMISES.items())
def test_every_promise_names_tests_that_exist(promise: str, tests: list[str]) -> None:
    assert tests, promise
    for place in tests:
        file, _, name = place.partition("::")
        assert re.search(rf"def {name}\b|class {name}\b", (ROOT / "tests" / file).read_text()), place


def test_every_failure_in_the_readme_names_tests_that_exist() -> None:
    page = (ROOT / "README.md").read_text().partition("| what breaks | when |")[2].partition("\n\n")[0]
    rows = page.splitlines()[2:]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named or row.endswith("| the same |"), row
        for file, name in named:
            assert re.search(rf"def {name}\(", (ROOT / "tests" / file).read_text()), (file, name)
