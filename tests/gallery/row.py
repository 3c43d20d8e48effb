"""A screen in a state: who sees it, what is touched to get there, and what shows that it is.

`who` is a family of `people.py` by what it stands for; steps are acts, selectors, a family's picture (@), or what is
done to a page; `network` says what comes instead of the server's answers.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from playwright.sync_api import Page

from tests.gallery.stage import NOBODY, Answer, Face, Step, take

NOW, NEVER, BROKEN, FAILED = "**/api/now*", Answer(None), Answer(0), Answer(500)
REFUSED, TAKEN = Answer(403, "not_allowed"), Answer(409, "slot_taken")
HOME, STATE = "main[data-screen=home]", ".state[data-state={}]"


@dataclass(frozen=True)
class Screen:
    face: Face
    name: str
    who: str
    steps: Sequence[Step]
    shows: str
    network: Mapping[str, Answer] = field(default_factory=dict)
    anchor: str = ""
    call: str = ""  # of which state of the one real call it is
    is_rare: bool = False  # much like another: looked at by the acceptance run and the gallery alone

    @property
    def title(self) -> str:
        return f"{self.face}-{self.name}"


def offline(page: Page) -> None:
    """What was asked for just before may still come; then the page is told again."""
    page.context.set_offline(True)
    page.wait_for_timeout(300)
    page.evaluate("dispatchEvent(new Event('offline'))")


def wait(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.wait_for()


def pause(page: Page) -> None:
    """What is recorded in less was a slip of the finger; what stands there has settled."""
    page.wait_for_timeout(1_500)


def hold_the_corner(page: Page) -> None:
    """So that nobody does it unawares it takes some seconds."""
    page.mouse.move(40, 40)
    page.mouse.down()
    wait("main[data-screen=self-test]")(page)
    page.mouse.up()


def fill(selector: str, text: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.fill(text)


def comes_in(number: str) -> Callable[[Page], None]:
    """By the code that is texted to a parent's simulated phone, of whose number the page of them shows the end."""

    def come(page: Page) -> None:
        fill("input[name=number]", f"+861380000{number}")(page)
        take(page, "send-code")
        code = page.locator("input[name=code]")
        code.wait_for()
        for _ in range(100):
            told = page.request.get(page.url.partition("/phone")[0] + "/demo/phones/texts").json()["phones"]
            texts = [one["newest"]["text"] for one in told if one["newest"] and number.endswith(one["number"][1:])]
            if found := re.findall(r"(?<!\d)\d{6}(?!\d)", " ".join(texts)):
                break
            page.wait_for_timeout(100)
        code.fill(found[-1])  # the last digit sends them

    return come


def phone(
    name: str, who: str, steps: str, shows: str, *last: Step, anchor: str = "", **network: Answer
) -> Screen:  # fmt: skip
    """`steps` are acts, one after the other; `last` comes after them."""
    return Screen("phone", name, who, [*steps.split(), *last], shows, _patterns(network), anchor)


def terminal(name: str, who: str, steps: str, shows: str, *last: Step, **network: Answer) -> Screen:
    """`who` is the family whose picture is touched first, if any."""
    first: list[Step] = [] if who == NOBODY else [wait(".wall"), f"@{who}"]
    return Screen("terminal", name, "booked", [*first, *steps.split(), *last], shows, _patterns(network))


def desk(name: str, anchor: str, steps: str, shows: str, *last: Step, **network: Answer) -> Screen:
    """`anchor` may name a family in braces."""
    return Screen("desk", name, "Teacher Li", [*steps.split(), *last], shows, _patterns(network), anchor)


def elsewhere(screen: Screen) -> Screen:
    """By a device of its own: what is kept there stands on no other screen, and nothing is kept there yet."""
    return replace(screen, who=f"{screen.who}:{screen.name}")


def _patterns(network: Mapping[str, Answer]) -> dict[str, Answer]:
    """`now` is /api/now, `calls_now` is /api/calls/now; what begins with a stroke stands as it is."""
    return {f"**{_address(name)}*": answer for name, answer in network.items()}


def _address(name: str) -> str:
    return name if name.startswith("/") else f"/api/{name.replace('_', '/')}"


def in_call(face: Face, state: str, shows: str) -> Screen:
    return Screen(face, f"call-{state.replace('_', '-')}", "calling", (), shows, call=state)


def troubled(make: Callable[..., Screen], name: str, first: str, steps: str, address: str) -> list[Screen]:
    """What is asked for at this address is awaited, is cut off, fails, and is refused; `first`: an anchor, or who."""
    kinds = {"loading": NEVER, "offline": BROKEN, "error": FAILED, "denied": REFUSED}
    return [
        make(
            f"{name}-{kind}", first, steps, STATE.format("loading" if answer is NEVER else "error"), **{address: answer}
        )
        for kind, answer in kinds.items()
    ]


def rarely(*screens: Screen) -> list[Screen]:
    return [replace(screen, is_rare=True) for screen in screens]
