"""Static files: at a versioned address for ever, compressed once, and nothing else of the disk."""

import gzip
from pathlib import Path

import brotli
import pytest

from app.factory import static_folder
from app.web.assets import Assets
from tests.web.open_house import Guest, OpenHouse

FOR_EVER = "public, max-age=31536000, immutable"


@pytest.fixture
def nobody(house: OpenHouse) -> Guest:
    return house.nobody()


@pytest.mark.parametrize(("name", "mime"), [("phone.js", "text/javascript"), ("sprite.svg", "image/svg+xml")])
def test_they_are_kept_for_ever(house: OpenHouse, nobody: Guest, name: str, mime: str) -> None:
    plain = nobody.get(f"/static/{house.version}/{name}")
    assert (plain.status_code, plain.mimetype, plain.headers["Cache-Control"]) == (200, mime, FOR_EVER)
    sizes = [len(plain.data)]
    for accepted, encoding, unpacked in (("gzip", "gzip", gzip.decompress), ("gzip, br", "br", brotli.decompress)):
        packed = nobody.get(f"/static/{house.version}/{name}", Accept_Encoding=accepted)
        assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == (encoding, "Accept-Encoding")
        assert unpacked(packed.data) == plain.data
        sizes.append(len(packed.data))
    assert sizes == sorted(sizes, reverse=True), "each form is smaller than the one before"


def test_who_refuses_gzip_gets_none(house: OpenHouse, nobody: Guest) -> None:
    answer = nobody.get(f"/static/{house.version}/phone.js", Accept_Encoding="gzip;q=0, identity")
    assert "Content-Encoding" not in answer.headers


def test_at_an_old_address_they_are_not_kept(nobody: Guest) -> None:
    answer = nobody.get("/static/0000000000/phone.js")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")


def test_there_is_nothing_else(house: OpenHouse, nobody: Guest) -> None:
    for name in (
        "none.js", "", ".", "..", "../app/config.py", "..%2fapp%2fconfig.py", "%2e%2e/pyproject.toml",
        "....//README.md", "/etc/passwd", "%2fetc%2fpasswd", "..\\..\\README.md", "tsconfig.json", "phone.js%00.css",
        "phone.js/", "core",
    ):  # fmt: skip
        assert nobody.get(f"/static/{house.version}/{name}").status_code in (404, 308), name


def test_a_way_out_of_the_folder_leads_nowhere_also_when_followed(house: OpenHouse, nobody: Guest) -> None:
    answer = nobody.ask("GET", f"/static/{house.version}//etc/passwd", follow_redirects=True)
    assert (answer.status_code, "root:" in answer.text) == (404, False)


def test_another_byte_is_another_address(tmp_path: Path) -> None:
    versions = set()
    for source in ("a()", "a( )"):
        folder = tmp_path / str(len(source))
        for kept in static_folder().rglob("*.css"):
            copied = folder / kept.relative_to(static_folder())
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(kept.read_bytes())
        (folder / "phone.js").write_text(source)
        versions.add(Assets(folder).version)
    assert len(versions) == 2


def test_a_page_names_its_modules(house: OpenHouse, nobody: Guest) -> None:
    page = nobody.get("/phone").text
    assert f'<script type="module" src="/static/{house.version}/phone.js"' in page
    modules = Assets(static_folder()).modules_of("phone.js")
    assert modules[0] == "phone.js"
    assert {"net/api.js", "net/socket.js"} <= set(modules)
    for name in modules:
        assert nobody.get(f"/static/{house.version}/{name}").status_code == 200
