"""What a family's people wrote by text, at the terminal: a letter with a face, shown large, read aloud or by somebody.

Debian's Chromium has no voice when it runs without a screen, so where a voice is wanted its engine is replaced by one
that writes down what it is told to say; what is said, by which voice, and when it counts as heard is the page's doing.
"""

from datetime import timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.families import service as families
from app.families.words import ConsentKind, MemberRole
from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.sms.models import TextIn
from app.sms.words import Outcome
from app.storage.database import new_id
from app.villages.catalogue import KEYS
from app.web import texts
from tests.browser import stories
from tests.browser.conftest import Devices, shoot
from tests.browser.stories import sees, touch, wait_until
from tests.browser.test_terminal_scheduling import is_touchable
from tests.browser.village import Village
from tests.scene import Household

ALICES, BOBS = E164("+8613800000011"), E164("+8613800000021")
PROMPTS = {texts.texts_of("en")[key] for key in KEYS}
SHORT, LONGER = "天冷了。多穿衣服！", "I will call on Sunday. Be good, and eat well."
LONG = "I was at the sea with the others from the factory. " * 16

ENGINE = """
(() => {
  const voices = %s.map((lang) => ({ lang, name: lang, localService: lang !== "far", default: false }));
  globalThis.said = [];
  let queue = [];
  class Utterance { constructor(text) { this.text = text; } }
  globalThis.SpeechSynthesisUtterance = Utterance;
  const next = () => {
    const one = queue[0];
    if (!one) return;
    setTimeout(() => {
      if (queue[0] !== one) return;
      if (globalThis.breaks) return one.onerror({ error: "synthesis-failed" });
      one.onstart?.();
      said.push([one.voice.lang, one.text]);
      globalThis.finish = () => {
        if (queue[0] !== one) return;
        queue.shift();
        one.onend?.();
        next();
      };
      setTimeout(globalThis.finish, globalThis.takes_ms ?? 50);
    }, 5);
  };
  Object.defineProperty(globalThis, "speechSynthesis", { value: {
    getVoices: () => voices,
    speak: (one) => { queue.push(one); if (queue.length === 1) next(); },
    cancel: () => { queue = []; },
    addEventListener() {},
  } });
})()
"""


def write(village: Village, whom: Household, *texts: str) -> list[str]:
    """Texts of a family's parent that were no command, and the consent to them; their ids."""
    with village.scene.database.begin() as session:
        families.give_consent(
            session, child_id=whom.child, contact_id=whom.parent, kind=ConsentKind.MESSAGE, given_by=whom.parent,
            evidence="paper", from_at=village.now() - timedelta(days=1), now=village.now(),
        )  # fmt: skip
        ids = []
        for place, text in enumerate(texts):
            at = village.now() + timedelta(seconds=place - 60)
            ids.append(new_id(session))
            session.add(
                TextIn(
                    id=ids[-1], gateway="simulated", ref=ids[-1], sender=ALICES, number=ALICES,
                    text=text, sent_at=at, at=at, outcome=Outcome.MESSAGE, person_id=whom.parent,
                    family_id=whom.family,
                )
            )  # fmt: skip
    return ids


def heard(village: Village) -> set[str]:
    with village.scene.database.read() as session:
        return set(session.scalars(select(TextIn.id).where(TextIn.heard_at.is_not(None))))


def speaks(page: Page, *languages: str) -> None:
    """Give the machine these voices; the page has to be opened anew."""
    page.context.add_init_script(ENGINE % list(languages))
    page.reload()
    sees(page, "idle")


def said(page: Page) -> list[list[str]]:
    """Of the letters alone: the same voice says the sentences of the terminal that nobody has recorded."""
    found: list[list[str]] = page.evaluate("said")
    return [each for each in found if each[1] not in PROMPTS]


def test_a_letter_is_read_aloud_and_then_heard(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    first, _second = write(village, alice, SHORT, LONGER)
    page = stories.open_terminal(devices, village, alice)
    speaks(page, "far", "zh-HK", "zh_CN", "en-GB")
    expect(page.locator(f".window[data-family-id='{alice.family}'][data-lit=true]")).to_be_visible()
    assert page.locator(".window[data-lit]").count() == 1
    assert page.locator(".wall").inner_text().strip() == "", "something waits for this picture, and that is all"
    assert page.locator("main img").count() == 0

    touch(page, "family", family_id=alice.family)
    expect(page.locator(".letter")).to_have_count(2)
    expect(page.locator(".letter img")).to_have_count(2)
    is_touchable(page, "letters")
    touch(page, "visit.text.open", text_id=first)
    sees(page, "text")
    expect(page.locator(".opened__sheet")).to_have_text(SHORT)
    expect(page.locator("section[data-phase=read]")).to_be_visible()
    assert said(page) == [["zh_CN", "天冷了。"], ["zh_CN", "多穿衣服！"]]
    is_touchable(page, "letter-read")
    wait_until(page, "heard", lambda: heard(village) == {first})
    touch(page, "visit.text.again")
    wait_until(page, "said again", lambda: len(said(page)) == 4)

    page.evaluate("takes_ms = 60_000")
    touch(page, "visit.text.next")
    expect(page.locator(".opened__sheet [data-now]")).to_have_text("I will call on Sunday. ")
    is_touchable(page, "letter-being-read")
    touch(page, "visit.text.done")
    sees(page, "family")
    expect(page.locator(".letter")).to_have_count(1)
    page.evaluate("() => { takes_ms = 50; finish(); }")
    page.wait_for_timeout(300)
    assert [language for language, _text in said(page)[4:]] == ["en-GB"], "who puts it away hears no more"
    assert heard(village) == {first}, "what was not read to its end still waits"

    page.evaluate("breaks = true")
    touch(page, "visit.text.open")
    sees(page, "text-shown")
    what_somebody_types_joins_the_letters_on_any_screen(village, page, village.scene.bob)


def what_somebody_types_joins_the_letters_on_any_screen(village: Village, page: Page, bob: Household) -> None:
    write(village, bob, SHORT, LONGER, LONG, "ok")
    has_one_more_child(village, bob)
    for _step in range(2):
        touch(page, "back")
    sees(page, "idle")
    page.reload()
    touch(page, "family", family_id=bob.family)
    sees(page, "faces")
    expect(page.locator(".letter")).to_have_count(3)
    expect(page.locator(".letter__count")).to_have_text("2")
    is_touchable(page, "letters-and-faces")
    phones = SimulatedPhones(village.folder / "simulated-phones.sqlite", SystemClock())
    phones.write(BOBS, "I dreamt of you", "typed")
    expect(page.locator(".letter__count")).to_have_text("3")
    page.locator(".letter").first.click()
    sees(page, "text")
    touch(page, "visit.text.done")
    sees(page, "faces")
    touch(page, "face", person_id=bob.child)
    for width, height in ((1920, 1080), (600, 1024)):
        page.set_viewport_size({"width": width, "height": height})
        expect(page.locator(".letter")).to_have_count(3)
        shoot(page, f"terminal-letters-{width}")
        page.locator(".letter").nth(1).click()
        sees(page, "text")
        shoot(page, f"terminal-letter-{width}")
        sheet = page.locator(".opened__sheet").bounding_box()
        assert sheet
        assert sheet["x"] >= 0
        assert sheet["x"] + sheet["width"] <= width
        touch(page, "back")


def has_one_more_child(village: Village, whom: Household) -> None:
    with village.scene.database.begin() as session:
        child = families.add_person(session, name="Little one", zone="Asia/Shanghai", language="en")
        families.add_member(
            session, family_id=whom.family, person_id=child.id, role=MemberRole.CHILD, now=village.now()
        )  # fmt: skip


def test_where_no_voice_can_read_somebody_has_to(village: Village, devices: Devices) -> None:
    alice = village.scene.alice
    first, second = write(village, alice, LONG, LONGER)
    page = stories.open_terminal(devices, village, alice)
    assert page.evaluate("speechSynthesis.getVoices().length") == 0, "this is the real engine, without a voice"
    touch(page, "family", family_id=alice.family)
    touch(page, "visit.text.open", text_id=first)
    sees(page, "text-shown")
    expect(page.locator(".opened__ask")).to_be_visible()
    expect(page.locator("[data-act='visit.text.done']")).to_have_count(0)
    is_touchable(page, "letter-shown")
    for _page in range(20):
        if not page.locator("[data-act='visit.text.on']").count():
            break
        touch(page, "visit.text.on")
        page.wait_for_timeout(60)
    assert heard(village) == set()
    touch(page, "visit.text.next")
    expect(page.locator(".opened__sheet")).to_have_text(LONGER)
    sees(page, "text-shown")
    wait_until(page, "heard", lambda: heard(village) == {first})
    touch(page, "back")
    sees(page, "family")
    page.wait_for_timeout(300)
    assert heard(village) == {first}, "a step back puts nothing away"

    page.context.set_offline(True)
    touch(page, "visit.text.open", text_id=second)
    sees(page, "text-shown")
    expect(page.locator(".opened__sheet")).to_have_text(LONGER)
    touch(page, "visit.text.done")
    sees(page, "family")
    expect(page.locator(".letter")).to_have_count(0)
    page.context.set_offline(False)
    wait_until(page, "told when the network is back", lambda: heard(village) == {first, second}, 30)
    expect(page.locator(".letter")).to_have_count(0)
    devices.forgive_no_network()
