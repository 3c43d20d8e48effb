"""The pages' own modules in a browser, without any program; files come from the folder, and capturing is allowed."""

from playwright.sync_api import Page, Route

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
