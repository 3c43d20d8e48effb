"""What every style sheet keeps: from right to left it must be as right as from left to right."""

import re
from collections.abc import Iterator

from tests.house.test_code import ROOT, tracked

PHYSICAL = re.compile(
    r"(?:^|[\s;{])((?:margin|padding|border|inset|scroll-margin|scroll-padding)-(?:left|right)(?:-\w+)*"
    r"|border-(?:top|bottom)-(?:left|right)-radius|left|right|float|clear)\s*:"
    r"|(text-align\s*:\s*(?:left|right))"
)


def physical(text: str) -> Iterator[str]:
    """Properties that name a side where there is one that names the start or the end."""
    for found in PHYSICAL.finditer(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)):
        yield found[1] or found[2]


def test_no_style_names_a_side() -> None:
    found = {
        path.relative_to(ROOT): names for path in tracked("static/*.css") if (names := [*physical(path.read_text())])
    }
    assert not found


def test_a_side_is_found_wherever_it_stands() -> None:
    text = ".a{left:0}.b { margin-right: 1px; text-align: left } .c { inset-inline-start: 0; /* left: 0 */ }"
    assert [*physical(text)] == ["left", "margin-right", "text-align: left"]
