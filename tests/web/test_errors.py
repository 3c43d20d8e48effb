"""One shape for every error, in the caller's language, without a stack trace or a secret; pages for people."""

import ast
import string
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import RequestedRangeNotSatisfiable, TooManyRequests, UnsupportedMediaType

from app.kernel.errors import Busy, Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooLarge
from app.storage.database import Database
from app.web import errors, security, texts
from app.web.floor import EXTENSION, Floor
from app.web.principals import ANYONE, allow
from tests.house.test_code import tracked
from tests.scene import SEALER, StepClock, at
from tests.web.open_house import OpenHouse

SECRET = "hunter2"
CODES = {
    "Refused": (Refused("slot_taken", nearest=[]), 409, "slot_taken"),
    "Invalid": (Invalid("not_a_time"), 422, "not_a_time"),
    "NotSignedIn": (NotSignedIn(), 401, "not_signed_in"),
    "NotAllowed": (NotAllowed(), 403, "not_allowed"),
    "NotFound": (NotFound(), 404, "not_found"),
    "TooLarge": (TooLarge("too_large"), 413, "too_large"),
    "Busy": (Busy("unavailable", 30), 503, "unavailable"),
    "unexpected": (RuntimeError(f"the password is {SECRET}"), 500, "unexpected"),
    "database away": (OperationalError(f"SELECT '{SECRET}'", {}, Exception(SECRET)), 503, "unavailable"),
    "media type": (UnsupportedMediaType(), 415, "not_understood"),
    "range": (RequestedRangeNotSatisfiable(), 416, "not_understood"),
    "too often": (TooManyRequests(), 429, "too_often"),
}


def app_that_raises(error: Exception) -> Flask:
    app = Flask("app.factory", template_folder="templates")
    app.extensions[EXTENSION] = Floor(Database("sqlite://"), StepClock(), "http://localhost", "1", 10, None, SEALER)
    errors.register(app)
    security.register(app)

    @allow(ANYONE)
    def fail(**_: str) -> str:
        raise error

    app.add_url_rule("/api/fail", "api_fail", fail, methods=["GET", "POST"])
    app.add_url_rule("/fail", "fail", fail)
    return app


@pytest.mark.parametrize(("error", "status", "code"), CODES.values(), ids=list(CODES))
def test_every_kind_has_the_one_shape(error: Exception, status: int, code: str) -> None:
    answer = app_that_raises(error).test_client().get("/api/fail", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    told = answer.get_json()
    assert set(told) == {"error", "detail", "message"}
    assert (told["error"], told["message"]) == (code, texts.texts_of("en")[f"error.{code}"])
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    if status == 503:
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("error", "status", "code"), CODES.values(), ids=list(CODES))
def test_a_browser_gets_a_page(error: Exception, status: int, code: str) -> None:
    headers = {"Accept": "text/html,*/*;q=0.8", "Accept-Language": "zh-CN,zh;q=0.9"}
    answer = app_that_raises(error).test_client().get("/fail", headers=headers)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert texts.texts_of("zh-CN")[f"error.{code}"] in answer.text
    assert SECRET not in answer.text


def test_what_was_unexpected_is_logged_with_its_trace(caplog: pytest.LogCaptureFixture) -> None:
    app_that_raises(RuntimeError("no")).test_client().get("/api/fail")
    (record,) = [record for record in caplog.records if record.name == "app.web.errors"]
    assert record.exc_info
    assert "/api/fail" in record.getMessage()


def test_addresses_with_secrets_are_logged_by_their_rule(house: OpenHouse, caplog: pytest.LogCaptureFixture) -> None:
    house.web.app.view_functions["pages.enter"] = _broken
    assert house.nobody().get(f"/enter/{SECRET}").status_code == 500
    assert "/enter/<secret>" in caplog.text
    assert SECRET not in caplog.text


def _broken(**_: str) -> Any:
    raise RuntimeError("no")


class TestRealRoutes:
    def answers(self, house: OpenHouse) -> dict[str, Any]:
        alice = house.parent(house.scene.alice)
        return {
            "not_found": alice.get("/api/calls/nosuchcall"),
            "not_signed_in": house.nobody().get("/api/now"),
            "not_allowed": alice.get("/api/ledger"),
            "method_not_allowed": alice.ask("PUT", "/api/now"),
            "not_json": alice.command("/api/calls", b"{"),
            "not_understood": alice.command("/api/calls", {"child_id": 7}),
            "idempotency_key_missing": alice.ask("POST", "/api/calls"),
            "too_large": alice.command("/api/calls", b" " * 64_001),
            "no_such_time": alice.command(
                "/api/calls",
                {"child_id": house.scene.alice.child, "wall": "2027-03-28T02:30", "zone": "Europe/Berlin"},
            ),
        }

    def test_they_have_it_too(self, house: OpenHouse) -> None:
        for code, answer in self.answers(house).items():
            told = answer.get_json()
            assert (set(told), told["error"]) == ({"error", "detail", "message"}, code)
            assert told["message"] == texts.texts_of("en")[f"error.{code}"]

    def test_an_unknown_address_is_a_page_for_people(self, house: OpenHouse) -> None:
        assert house.nobody().get("/nowhere", Accept="text/html").mimetype == "text/html"
        assert house.nobody().get("/nowhere", Accept="application/json").get_json()["error"] == "not_found"
        assert house.nobody().get("/api/nowhere", Accept="text/html").get_json()["error"] == "not_found"

    def test_what_kind_of_request_would_do_is_said(self, house: OpenHouse) -> None:
        answer = house.parent(house.scene.alice).ask("PUT", "/api/now")
        assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"GET", "HEAD", "OPTIONS"})

    def test_what_was_sent_is_not_repeated(self, house: OpenHouse) -> None:
        answer = house.parent(house.scene.alice).command("/api/calls", {"child_id": SECRET * 3, "starts_at": SECRET})
        assert set(answer.get_json()["detail"]["fields"]) == {"child_id", "starts_at"}
        assert SECRET not in answer.text

    def test_a_sentence_is_whole_in_both_languages(self, house: OpenHouse) -> None:
        body = {"child_id": house.scene.alice.child, "starts_at": at(20, day=24).replace(year=2027).isoformat()}
        told = {
            language: house.parent(house.scene.alice, language).command("/api/calls", body).get_json()["message"]
            for language in ("en", "zh-CN")
        }
        assert told["en"] == "Calls can be booked at most 60 days ahead."
        assert "60" in told["zh-CN"]
        assert "{" not in told["zh-CN"]

    def test_a_database_that_is_away_is_told_in_the_browsers_language(self, house: OpenHouse, tmp_path: Path) -> None:
        alice = house.parent(house.scene.alice)
        house.database.engine.dispose()
        (tmp_path / "homethread.db").rename(tmp_path / "gone.db")
        (tmp_path / "homethread.db").mkdir()
        for path, mime in (("/api/now", "application/json"), ("/healthz", "text/html"), ("/enter/x", "text/html")):
            answer = alice.get(path, Accept="text/html", Accept_Language="zh-CN")
            assert (answer.status_code, answer.mimetype, "Retry-After" in answer.headers) == (503, mime, True), path
            told = answer.get_json()["message"] if mime == "application/json" else answer.text
            assert texts.texts_of("zh-CN")["error.unavailable"] in told
        (tmp_path / "homethread.db").rmdir()


def test_every_error_brings_what_its_sentence_asks_for() -> None:
    """A sentence with a parameter that its error does not carry would turn a refusal into a crash."""
    sentences = texts.texts_of("en")
    raised = [
        (path, node.lineno, str(node.args[0].value), {keyword.arg for keyword in node.keywords})
        for path in tracked("app/*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        and node.func.id in {"Refused", "Invalid", "TooLarge"} and node.args and isinstance(node.args[0], ast.Constant)
    ]  # fmt: skip
    assert len(raised) > 20
    for path, line, code, given in raised:
        wanted = {name for _, name, _, _ in string.Formatter().parse(sentences[f"error.{code}"]) if name}
        assert wanted <= given, f"{path}:{line}"
