"""What every kind of answer carries, and whose commands are refused."""

from pathlib import Path

import pytest

from app.storage.database import Database
from app.web.security import HEADERS, OF_DOCUMENTS, OF_THE_REST, same_origin
from tests.scene import at
from tests.web.open_house import OpenHouse


def test_every_kind_of_answer_carries_the_headers(house: OpenHouse) -> None:
    alice, nobody = house.parent(house.scene.alice), house.nobody()
    script = f"/static/{house.version}/phone.js"
    now = alice.get("/api/now")
    answers = {
        "page": nobody.get("/phone"),
        "answer": now,
        "nothing new": alice.get("/api/now", If_None_Match=now.headers["ETag"]),
        "command": alice.command("/api/calls", {"child_id": house.scene.alice.child, "starts_at": at(20).isoformat()}),
        "refusal": alice.command("/api/calls/nosuchcall/confirm"),
        "unknown": nobody.get("/nowhere"),
        "method": nobody.ask("DELETE", "/phone"),
        "asset": nobody.get(script),
        "redirect": nobody.get("/phone/"),
        "health": nobody.get("/healthz"),
        "description": nobody.get("/api/openapi.json"),
    }
    for name, answer in answers.items():
        wanted = HEADERS | (OF_DOCUMENTS if answer.mimetype == "text/html" else OF_THE_REST)
        missing = [header for header in wanted if header not in answer.headers]
        assert not missing, name
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert {answer.mimetype == "text/html" for answer in answers.values()} == {True, False}


def test_nothing_is_kept_that_does_not_say_so(house: OpenHouse) -> None:
    alice = house.parent(house.scene.alice)
    assert alice.get("/api/calls/nosuchcall").headers["Cache-Control"] == "no-store"
    assert alice.get("/api/now").headers["Cache-Control"] == "private, no-cache"
    terminal = house.terminal(house.scene.alice)
    for path in ("/api/now", f"/api/families/{house.scene.alice.family}/thread", "/api/prompts"):
        assert terminal.get(path).headers["Cache-Control"] == "no-store", "its disk is everybody's"
    assert house.nobody().get("/healthz").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(("public_url", "asked"), [("https://calls.example", True), ("http://localhost", False)])
def test_tls_is_asked_for_where_the_public_address_speaks_it(
    database: Database, tmp_path: Path, public_url: str, asked: bool
) -> None:
    """Also behind a proxy that does the TLS, where the request itself comes in plain."""
    house = OpenHouse(database, tmp_path, public_url=public_url)
    answer = house.nobody().ask("GET", "/phone", base_url=public_url.replace("https:", "http:"))
    assert ("Strict-Transport-Security" in answer.headers) is asked


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[evil]", ""])
def test_a_name_that_is_not_ours_is_refused(house: OpenHouse, host: str) -> None:
    assert house.nobody().get("/phone", Host=host).status_code in (400, 421)
    assert house.parent(house.scene.alice).get("/api/now", Host=host).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.1.7:8443"])
def test_the_address_of_a_machine_needs_no_setting(house: OpenHouse, host: str) -> None:
    assert house.nobody().get("/phone", Host=host).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "http://localhost.elsewhere.example"}, 403),
        ({"Origin": "http://localhost:8081"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_a_command_of_another_site_is_refused(house: OpenHouse, headers: dict[str, str], status: int) -> None:
    body = {"child_id": house.scene.alice.child, "starts_at": at(20).isoformat()}
    answer = house.parent(house.scene.alice).ask(
        "POST", "/api/calls", json=body, headers={"Idempotency-Key": "one", **headers}
    )
    assert answer.status_code == status
    if status == 403:
        assert answer.get_json()["error"] == "not_allowed"


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        (None, "a.example", True),
        ("https://a.example", "a.example", True),
        ("https://a.example:8443", "a.example:8443", True),
        ("https://a.example", "a.example:8443", False),
        ("https://b.example", "a.example", False),
        ("null", "a.example", False),
        ("file://", "a.example", False),
        ("https://[", "a.example", False),
    ],
)
def test_origins(origin: str | None, host: str, same: bool) -> None:
    assert same_origin(origin, host) is same


@pytest.mark.parametrize("path", ["/api/calls/%00", "/api/photos/%00/96.webp", "/enter/%00", "/static/%00/x", "/%00"])
def test_a_nul_is_found_nowhere(house_on_both: OpenHouse, path: str) -> None:
    assert house_on_both.parent(house_on_both.scene.alice).get(path).status_code == 404
