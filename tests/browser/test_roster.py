"""A village's week at the desk: drafted for thirty families, put right, published; then a freed slot is taken."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.calls.models import Call
from app.calls.words import CallState, Origin, Outcome
from app.demo.portraits import portrait
from app.desk import service as desk
from app.families import queries as known
from app.families import service as families
from app.families.rules import free_emblems
from app.families.words import ConsentKind, MemberRole
from app.notices.models import Notice
from app.roster import waits
from app.villages import queries as villages
from app.villages import service as hours
from app.villages.rules import OpeningFacts
from app.web.models import PrincipalKind
from tests.browser import stories
from tests.browser.conftest import OUT, PHONE, Devices, shoot
from tests.browser.stories import open_desk, sees, touch, wait_until
from tests.browser.village import Village
from tests.scene import NOW, ZONE, at

FAMILIES = 30
SUNDAY = at(18, day=29)
EVENINGS = [OpeningFacts(day, 18 * 60, 21 * 60) for day in range(4)]


@pytest.fixture
def lee(village: Village) -> str:
    """Thirty families, two terminals, four evenings of three hours; the coordinator's id."""
    village.move_clock_to(SUNDAY)
    alice = village.scene.alice
    with village.scene.database.begin() as session:
        hours.set_openings(session, alice.village, EVENINGS, village.now())
        hours.add_terminal(session, alice.village, "Redstone school", village.now())
        for number in range(FAMILIES - 2):  # beside Alice's and Bob's
            taken = {family.emblem for family in known.families_of_village(session, alice.village)}
            family = families.add_family(
                session, village_id=alice.village, name=f"Family {number}", emblem=free_emblems(taken)[0], now=NOW
            )  # fmt: skip
            ids = {}
            for role, phone in ((MemberRole.PARENT, f"+86138000010{number:02}"), (MemberRole.CHILD, None)):
                person = families.add_person(
                    session, name=f"{role.value.title()} {number}", zone=ZONE, language="en", phone=phone,
                    confirmed_at=NOW,
                )  # fmt: skip
                families.add_member(session, family_id=family.id, person_id=person.id, role=role, now=NOW)
                families.set_photo(session, person.id, portrait(number % 3, "mother" if phone else "girl"), NOW)
                ids[role] = person.id
            families.give_consent(
                session, child_id=ids[MemberRole.CHILD], contact_id=ids[MemberRole.PARENT], kind=ConsentKind.CALL,
                given_by=ids[MemberRole.PARENT], evidence="paper", from_at=NOW - timedelta(days=1), now=NOW,
            )  # fmt: skip
        assert len(villages.terminals(session, alice.village)) == 2
        return desk.add_coordinator(session, alice.village, "Teacher Lee", "en", village.now()).id


def rostered(village: Village, **where: str) -> list[Call]:
    with village.scene.database.read() as session:
        made = select(Call).where(Call.origin == Origin.ROSTER).filter_by(**where).order_by(Call.starts_at, Call.id)
        return list(session.scalars(made))


def offers(village: Village) -> list[Call]:
    with village.scene.database.read() as session:
        made = select(Call).where(Call.origin == Origin.WAIT, Call.state == CallState.PROPOSED)
        return list(session.scalars(made))


def slots(page: Page) -> dict[str, str]:
    """Which row stands at which time."""
    rows = page.locator(".roster__week .roster__row[data-row-id]")
    found: dict[str, str] = {}
    for row in rows.all():
        found[row.get_attribute("data-row-id") or ""] = row.locator("time").get_attribute("datetime") or ""
    return found


def drafted(village: Village, devices: Devices, lee: str) -> Page:
    page = open_desk(devices, village, village.scene.alice, lee)
    page.locator("[data-tab=roster]").click()
    sees(page, "roster")
    touch(page, "draft")
    expect(page.locator(".roster__week")).to_be_visible(timeout=30_000)
    return page


def test_a_week_for_thirty_families_is_drafted_put_right_and_published(
    village: Village, devices: Devices, lee: str
) -> None:  # fmt: skip
    page = drafted(village, devices, lee)
    before = slots(page)
    assert len(before) >= FAMILIES
    expect(page.locator(".page-head")).to_contain_text("30 of 30 families")
    expect(page.locator(".roster__terminals li")).to_have_text([re.compile("1 .+"), re.compile("2 .+")])
    shoot(page, "desk-roster-draft")

    first, *_others, last = before
    touch(page, "roster-row", row_id=first)
    touch(page, "move-row")
    expect(page.locator(f".roster__row[data-row-id='{first}']")).to_be_focused()
    shoot(page, "desk-roster-moving")
    touch(page, "roster-row", row_id=last)
    wait_until(page, "the two to change places", lambda: slots(page).get(first) == before[last])
    assert slots(page)[last] == before[first]
    touch(page, "undo")
    wait_until(page, "both to be back", lambda: slots(page) == before)

    touch(page, "take-out")
    expect(page.locator(".roster__without, .roster__further")).to_have_count(2)
    touch(page, "undo")
    wait_until(page, "it to be back", lambda: slots(page) == before)

    touch(page, "publish")
    expect(page.locator("dialog [data-part=cost]")).to_contain_text(re.compile(r"\d+ people, \d+ segments, CN¥\d"))
    shoot(page, "desk-roster-publish")
    page.locator("dialog [data-act=yes]").click()
    expect(page.locator(".page-head")).to_contain_text("Published")
    calls = rostered(village)
    assert len(calls) == len(before)
    assert len({call.family_id for call in calls}) == FAMILIES
    wait_until(page, "everybody to be told", lambda: len(told_of(village)) >= FAMILIES, 60)
    assert len(told_of(village)) == len(set(told_of(village)))
    page.pdf(path=OUT / "roster-sheet.pdf", format="A4", print_background=True)
    assert (OUT / "roster-sheet.pdf").stat().st_size > 10_000


def told_of(village: Village) -> list[str]:
    with village.scene.database.read() as session:
        sent = select(Notice.person_id).where(Notice.template.in_(("rostered", "rostered_several")))
        return list(session.scalars(sent))


def test_a_family_moves_and_the_next_one_takes_its_slot(village: Village, devices: Devices, lee: str) -> None:
    page = drafted(village, devices, lee)
    touch(page, "publish")
    page.locator("dialog [data-act=yes]").click()
    expect(page.locator(".page-head")).to_contain_text("Published")
    alice, bob = village.scene.alice, village.scene.bob
    mine = rostered(village, family_id=alice.family)[0]
    with village.scene.database.begin() as session:
        waits.ask(
            session, village_id=bob.village, family_id=bob.family, child_id=bob.child, parent_id=bob.parent,
            by=f"person:{bob.parent}", now=village.now(),
        )  # fmt: skip

    phone = stories.open_phone(devices, village, alice)
    touch(phone, "move")
    slot = phone.locator("[data-act=slot]").first
    slot.click(timeout=15_000)
    touch(phone, "send-booking")
    sees(phone, "home")
    wait_until(phone, "the call to be moved", lambda: village.scene.call(mine.id).outcome is Outcome.MOVED)
    wait_until(phone, "an offer of the slot", lambda: offers(village), 60)
    (offer,) = offers(village)
    assert (offer.starts_at, offer.family_id) == (mine.starts_at, bob.family)

    taker = devices.open(village.enter(PrincipalKind.PERSON, bob.parent, None), PHONE)
    sees(taker, "home")
    shoot(taker, "phone-offer")
    taker.locator(f"[data-act=confirm][data-call-id='{offer.id}']").first.click(timeout=15_000)
    wait_until(taker, "it to be taken", lambda: village.scene.call(offer.id).state is CallState.BOOKED)
