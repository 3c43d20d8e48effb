"""The phone's arithmetic of hours, rhythms, ends and failures, asked of its own modules as the browser runs them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route

from app.factory import static_folder
from tests.browser.conftest import PHONE, Devices

HOST = "http://static.invalid"


@pytest.fixture
def ask(devices: Devices) -> Callable[[str, str], Any]:
    """An expression about a pure module, as `of`. The files come from the folder, no program runs."""
    page = devices.device(PHONE).new_page()

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(f"{HOST}/")
        if name:
            route.fulfill(path=static_folder() / name, content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html>", content_type="text/html")

    page.route(f"{HOST}/**", answer)
    page.goto(f"{HOST}/")
    return lambda module, expression: page.evaluate(f"import('/core/{module}.js').then((of) => {expression})")


def test_the_arithmetic_of_shifts_and_rhythms(ask: Callable[[str, str], Any]) -> None:
    assert ask("shifts", "of.anchorOf('2026-12-02', 3)") == "2026-11-29"
    assert ask("shifts", "of.ahead(['day', 'off', 'night'], 1, 4)") == ["off", "night", "day", "off"]
    assert ask("shifts", "of.nameOf(['off', 'day', 'day', 'day', 'day', 'off'])") == "four_two"
    assert ask("shifts", "of.nameOf(['day', 'off'])") == ""
    stay = "of.weeklyOfStay({weekday: 6, minute: 960}, {weekday: 4, minute: 720})"
    assert ask("shifts", stay) == [
        {"weekdays": [6, 0, 1, 2], "from_minute": 960, "until_minute": 960},
        {"weekdays": [3], "from_minute": 960, "until_minute": 720},
    ]
    (joined,) = ask("shifts", f"of.stays({stay}.map((detail, id) => ({{id: `p${{id}}`, detail}})))")
    assert (joined["from"], joined["until"]) == ({"weekday": 6, "minute": 960}, {"weekday": 4, "minute": 720})
    assert joined["ids"] == ["p0", "p1"]
    assert ask("shifts", "of.weekdayRuns([4, 0, 1, 2, 6])") == [[0, 1, 2], [4], [6]]

    weekly = "{starts_on: '2026-11-25', words: {freq: 'weekly', interval: 2, weekdays: [6], count: 6, until: null}}"
    assert ask("every", "of.ruleOf('fortnightly', '2026-11-29')") == "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"
    assert ask("every", f"of.timesBefore({weekly}, '2026-12-27')") == 2
    once_a_week = weekly.replace("interval: 2", "interval: 1")
    assert ask("every", f"of.withWeekday({once_a_week}, '2026-12-27', '2026-12-27')") == {}
    assert ask("every", f"of.withWeekday({once_a_week}, '2026-12-26', null)") == {
        "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=6"
    }
    assert ask("every", f"of.withWeekday({once_a_week}, '2026-11-22', null)")["starts_on"] == "2026-11-22"
    assert ask("every", f"of.withWeekday({weekly}, '2026-12-20', null)") == {
        "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;COUNT=4", "starts_on": "2026-12-20",
    }, "the other week"  # fmt: skip
    assert ask("every", f"of.withWeekday({weekly}, '2026-12-25', '2026-12-25')") == {
        "rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR;COUNT=4", "starts_on": "2026-12-25",
    }  # fmt: skip


def test_what_begins_in_a_day_is_told_with_it(ask: Callable[[str, str], Any]) -> None:
    def told(*days: list[tuple[int, int, str]]) -> Any:
        rows = [{"busy": [{"from_minute": f, "until_minute": u, "occupation": o} for f, u, o in day]} for day in days]
        return ask(
            "shifts", f"({rows!r}).map((_day, place, days) => of.told(days, place).map((o) => [o.from, o.until]))"
        )

    night = [(0, 480, "shift"), (1200, 1440, "shift")]
    assert told([(1200, 1440, "shift")], night, [(0, 480, "shift")]) == [[[1200, 480]], [[1200, 480]], []]
    away = [(960, 1440, "boarding")], [(0, 1440, "boarding")], [(0, 720, "boarding")]
    assert told(*away) == [[[960, None]], [[None, None]], [[None, 720]]]
    assert told([(0, 390, "bedtime"), (480, 1000, "school")]) == [[[480, 1000]]], (
        "what is left of last night is left out"
    )


def test_each_warning_of_an_end_comes_once(ask: Callable[[str, str], Any]) -> None:
    def said(*looks: tuple[int, int]) -> Any:
        """At so many seconds the end stands at so many."""
        told = ", ".join(f"ending.look(new Date({end}e3).toISOString(), {now}e3)" for now, end in looks)
        return ask("ending", f"{{ const ending = new of.Ending(); return [{told}]; }}")

    assert said((0, 900), (599, 900), (600, 900), (601, 900), (840, 900), (841, 900)) == [
        None, None, "five", None, "one", None,
    ]  # fmt: skip
    assert said((700, 900), (840, 900)) == [None, "one"], "who comes late is told no minutes that are gone"
    assert said((890, 900), (901, 1200), (902, 1200), (1140, 1200)) == [None, "longer", None, "one"]
    assert said((100, 900), (101, 500), (201, 500)) == [None, None, "five"], "an end that comes earlier"


def test_what_broke_off_and_is_still_locked_is_nobodys_failure(ask: Callable[[str, str], Any]) -> None:
    def after(status: int, tries: int) -> Any:
        error = f"{{status: {status}, code: 'x', message: 'a sentence', retry_ms: null}}"
        return ask("../voice/failures", f"of.afterFailure({{tries: {tries}, restarts: 0}}, {error}, 1000, 0.5)")

    assert after(423, 5) == {"state": "waits", "next_at": 4000, "why": None}, "soon again, however often"
    assert after(503, 5)["why"]["message"] == "a sentence"
    assert after(503, 5)["next_at"] > 30_000
