"""What stories of scheduling do beneath the page and look at beside it, and whether a screen fits every phone."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, Route, ViewportSize
from sqlalchemy import select

from app.calls.models import Call, Series
from app.calls.words import CallState
from app.families import schedule
from app.families.availability import PatternFacts
from app.families.schedule import Said
from app.families.words import Occupation, PatternKind
from tests.browser.conftest import PHONE, shoot
from tests.browser.stories import wait_until
from tests.browser.village import Village
from tests.scene import Household

SMALL = ViewportSize(width=240, height=320)
LEAST_PX = 44
# What can be touched and is smaller than a finger, and whether something reaches beyond the edge.
TOO_SMALL = """(least) => {
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  const root = document.querySelector("dialog") ?? document.querySelector("main");
  const small = [...root.querySelectorAll("[data-act], input:not([type=radio]), .choice")].filter((place) => {
    const { width, height } = place.getBoundingClientRect();
    return width && (width < least || height < least);
  });
  return [...(wide > 0 ? [`${wide} px too wide`] : []), ...small.map((place) => place.outerHTML.slice(0, 120))];
}"""


def fits(page: Page, name: str) -> None:
    """Everything can be touched and nothing is cut off, on the smallest screen as on a usual one."""
    page.emulate_media(reduced_motion="reduce")
    for size in (SMALL, PHONE):
        page.set_viewport_size(size)
        page.wait_for_timeout(50)
        shoot(page, f"scheduling-{name}-{size['width']}")
        assert not page.evaluate(TOO_SMALL, LEAST_PX - 0.5), name


def is_busy(village: Village, person_id: str, occupation: Occupation, hours: tuple[int, int]) -> None:
    """On every day of the week, from one minute to another."""
    detail = {"weekdays": list(range(7)), "from_minute": hours[0], "until_minute": hours[1]}
    with village.scene.database.begin() as session:
        schedule.add(session, person_id, Said(PatternKind.WEEKLY, occupation, detail), "person:x", village.now())


def said_of(village: Village, person_id: str) -> list[PatternFacts]:
    with village.scene.database.read() as session:
        return schedule.patterns_of(session, [person_id])[person_id]


def calls_of(village: Village, whom: Household) -> list[Call]:
    with village.scene.database.read() as session:
        found = select(Call).where(Call.family_id == whom.family, Call.state != CallState.ENDED)
        return list(session.scalars(found.order_by(Call.starts_at)))


def series_of(village: Village, whom: Household) -> list[Series]:
    with village.scene.database.read() as session:
        return list(session.scalars(select(Series).where(Series.family_id == whom.family).order_by(Series.made_at)))


@contextmanager
def unheard(page: Page, address: str) -> Iterator[None]:
    """What a page asks the server there is answered only afterwards; it has to ask."""
    held: list[Route] = []
    is_over = False

    def hold(route: Route) -> None:
        if is_over:
            route.continue_()
        else:
            held.append(route)

    page.route(address, hold)  # and stays: taking it off would let go what it holds
    yield
    wait_until(page, f"{address} to be asked for", lambda: held)
    is_over = True
    for route in held:
        route.continue_()
