"""The call as a browser makes it by itself, over the same server: what our pages tune is set back as it passes.

What the pages ask of a connection reaches the browser without bit rates, packet times and stripped extensions, and the
ladder that they fetch has the same at every rung.
"""

import json
from pathlib import Path

from playwright.sync_api import BrowserContext, Route

from tests.thinlink.calls import Prepare

LADDER = "**/call/ladder.json"
UNTUNED = Path(__file__).with_name("untuned.js")


def as_browsers_do(context: BrowserContext) -> None:
    context.add_init_script(path=UNTUNED)
    only("video")(context)


def only(rung: str) -> Prepare:
    """Prepares pages in which every rung that carries a voice sends as this one does."""

    def answer(route: Route) -> None:
        ladder = route.fetch().json()
        alike = next(one for one in ladder["rungs"] if one["name"] == rung)
        ladder["rungs"] = [{**alike, "name": one["name"]} for one in ladder["rungs"] if one["audio"]]
        route.fulfill(body=json.dumps(ladder), content_type="application/json")

    def prepare(context: BrowserContext) -> None:
        context.route(LADDER, answer)

    return prepare
