"""The call as a browser makes it by itself, over the same server: what our pages tune is set back as it passes.

What the pages ask of a connection reaches the browser without bit rates, packet times and stripped extensions, and the
ladder that they fetch has the same at every rung.
"""

import json
from pathlib import Path

from playwright.sync_api import BrowserContext

from tests.thinlink.calls import Prepare

SAME_RUNGS = """(() => {
  const real = window.fetch;
  window.fetch = async (...asked) => {
    const answer = await real(...asked);
    if (!String(asked[0]?.url ?? asked[0]).endsWith("/call/ladder.json")) return answer;
    const { rungs } = await answer.json();
    const alike = rungs.find(({ name }) => name === RUNG);
    return Response.json({ rungs: rungs.filter(({ audio }) => audio).map(({ name }) => ({ ...alike, name })) });
  };
})()"""
UNTUNED = Path(__file__).with_name("untuned.js")


def as_browsers_do(context: BrowserContext) -> None:
    context.add_init_script(path=UNTUNED)
    only("video")(context)


def only(rung: str) -> Prepare:
    """Prepares pages in which every rung that carries a voice sends as this one does."""
    script = SAME_RUNGS.replace("RUNG", json.dumps(rung))

    def prepare(context: BrowserContext) -> None:
        context.add_init_script(script)

    return prepare
