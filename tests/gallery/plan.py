"""Which rows are gone to, in which language: all, those that are asked for, or a piece of them that stands alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tests.gallery.looks import LOOKS, Look
from tests.gallery.row import Screen
from tests.gallery.screens import SCREENS

# About how many seconds it takes to bring a screen up, in a call and elsewhere, and to take a picture of it.
REACH_S, REACH_IN_CALL_S, SHOOT_S = 2.0, 5.0, 0.7


@dataclass(frozen=True)
class Visit:
    screen: Screen
    language: str
    looks: Sequence[Look]

    @property
    def name(self) -> str:
        return f"{self.screen.title}--{self.language}"

    @property
    def seconds(self) -> float:
        return (REACH_IN_CALL_S if self.screen.call else REACH_S) + SHOOT_S * len(self.looks)


def visits(
    languages: Iterable[str], face: str | None = None, widths: Sequence[int] | None = None, only: Sequence[str] = ("",)
) -> list[Visit]:
    """One language after the other, because everybody in the village is called anew for each."""
    of_face = [screen for screen in SCREENS if face in (None, screen.face)]
    chosen = [screen for screen in of_face if any(part in screen.title for part in only)]
    all_of_them = [Visit(screen, tag, _looks(screen, tag, widths)) for tag in languages for screen in chosen]
    return [visit for visit in all_of_them if visit.looks]


def _looks(screen: Screen, language: str, widths: Sequence[int] | None) -> list[Look]:
    own = [look for look in LOOKS[screen.face] if look.language == language]
    return [look for look in own if not widths or look.width in widths]


def piece(planned: Sequence[Visit], number: int, of: int) -> list[Visit]:
    """The `number`th, from 1, of as many that take about as long as each other."""
    ends = [*accumulate(visit.seconds for visit in planned)]
    each = ends[-1] / of if ends else 0
    middles = [end - visit.seconds / 2 for visit, end in zip(planned, ends, strict=True)]
    return [visit for visit, middle in zip(planned, middles, strict=True) if number - 1 <= middle / each < number]
