"""A guest whose device is gone for good keeps nobody in a call from which the other side has hung up."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import faultless_page
from tests.browser.test_live import CALL
from tests.web.waiting import until

# A child's seat in a live call with its parent and a guest; this page is their server. What it says comes by `tell`.
SIT = """async (call) => {
  document.body.innerHTML = '<main id="app"></main>';
  const { Seat } = await import("/call/seat.js");
  const { Bridged } = await import("/call/bridged.js");
  const { Company } = await import("/ui/company.js");
  const one = { call: call.id, here: true, offerer: false, rung: null, name: null, state: "seated" };
  window.mother = { ...one, seat: "p.1", side: "parent" };
  window.father = { ...one, seat: "g.1", side: "guest", guest: "f" };
  Object.assign(window, { asked: [], there: [mother, father] });
  const heard = {};
  const mine = { seat: "c.1", side: "village", ice_servers: [], ice_policy: "all", rung: "voice" };
  const live = {
    socket: { connections: 1, on: (name, run) => ((heard[name] = run), () => {}) },
    press() {}, signal() {}, doubt() {}, tellRung() {}, report: async () => {}, onconnect: () => () => {},
    emit: async (name) => (asked.push(name), { ...mine, peers: there }),
    insist: (name, { reason }) => (asked.push(`${name}: ${reason}`), () => {}),
  };
  const onmore = async (news) => (news.forEach((each) => seat.bridged.hear(each)), true);
  const seat = new Seat(live, call, { onchange() {}, silence: () => null, onmore });
  seat.bridged = new Bridged(seat);
  seat.company = new Company(seat, { live, sounds: null, redraw() {} });
  seat.isHere = true;
  await seat.open();
  Object.assign(window, { seat, tell: (who, state) => heard.peer({ ...who, state }) });
}"""
LIVE = CALL | {"state": "live", "guests": [{"id": "f", "is_here": False}]}
HUNG_UP = "leave_seat: hang_up"
KEPT_MS = 120_000


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with faultless_page(chromium) as opened:
        opened.clock.install()
        yield opened


def sits(page: Page, call: dict[str, Any] = LIVE) -> None:
    page.evaluate(SIT, call)
    page.wait_for_function("seat.bridged.ends.size === 1")


def left(page: Page) -> bool:
    return bool(page.evaluate("[seat.phase, asked.at(-1)].join()") == f"ended,{HUNG_UP}")


def looks(page: Page) -> int:
    """How often the seat was taken until now, after a look at who is gone."""
    page.evaluate("seat.company.look()")
    return int(page.evaluate("asked.filter((name) => name === 'take_seat').length"))


def test_it_ends_with_the_other_side_where_the_guest_was_lost_before(page: Page) -> None:
    sits(page)
    page.evaluate("tell(father, 'lost')")
    assert not left(page)
    page.evaluate("tell(mother, 'left')")
    assert left(page)


def test_it_goes_on_with_a_guest_who_may_come_back_but_not_for_ever(page: Page) -> None:
    sits(page)
    page.evaluate("tell(mother, 'left')")
    page.evaluate("tell(father, 'lost')")
    page.evaluate("seat.update(seat.call)")
    page.clock.run_for(KEPT_MS - 10_000)
    assert looks(page) == 1, "the server keeps the seat"
    page.evaluate("tell(father, 'back')")
    page.evaluate("tell(father, 'lost')")
    page.clock.run_for(KEPT_MS - 10_000)
    assert looks(page) == 1
    assert not left(page)
    page.evaluate("void (there = [])")
    page.clock.run_for(20_000)
    assert looks(page) == 2
    until(lambda: left(page))


def test_who_waits_for_the_other_side_goes_on_waiting_when_a_guest_leaves(page: Page) -> None:
    sits(page)
    page.evaluate("void (seat.call = { ...seat.call, state: 'ringing' }, seat.other = null)")
    page.evaluate("tell(father, 'left')")
    assert page.evaluate("[seat.bridged.ends.size, seat.isOver]") == [0, False]
