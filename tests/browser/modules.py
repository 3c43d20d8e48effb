"""The pages' own modules in a browser, without any program; files come from the folder, and capturing is allowed."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, Route

from app.factory import static_folder

HOST = "http://localhost:9"
KINDS = {"css": "text/css", "js": "text/javascript", "json": "application/json", "svg": "image/svg+xml"}


def serve_modules(page: Page) -> None:
    """Opens an empty page that may import any of them."""

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        if name:
            route.fulfill(path=static_folder() / name, content_type=KINDS[name.rpartition(".")[2]])
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")


@contextmanager
def faultless_page(chromium: Browser) -> Iterator[Page]:
    """Such a page; it fails where something was thrown in it that nobody caught, or a text is missing."""
    opened = chromium.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: wrong.append(said.text) if "no text" in said.text else None)
    serve_modules(opened)
    yield opened
    opened.close()
    assert not wrong, wrong
