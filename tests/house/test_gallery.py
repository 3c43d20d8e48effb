"""The gallery, by which every screen is looked at, goes to every screen that there is."""

from collections.abc import Mapping

from tests.gallery import call, standing, states
from tests.gallery.five_states import STATES
from tests.gallery.screens import MOST_SEEN, SCREENS
from tests.gallery.stage import FACES

ROWS = {screen.title for screen in SCREENS}


def lead_nowhere(table: Mapping[str, str]) -> list[str]:
    """Each names a row, or says in a sentence why there can be none."""
    return [f"{name}: {row}" for name, row in table.items() if row not in ROWS and " " not in row]


def test_every_screen_is_gone_to() -> None:
    """A new one joins `states.py`, with a row in the table of its face."""
    there = {f"{face} {name}" for face in FACES for name in standing.screens(face)}
    assert len(there) > 70
    assert not there ^ states.SCREENS.keys()
    assert not lead_nowhere(states.SCREENS)


def test_every_dialog_is_opened() -> None:
    there = {*standing.dialogs()}
    assert len(there) > 30
    assert not there ^ states.DIALOGS.keys()
    assert not lead_nowhere(states.DIALOGS)


def test_every_screen_is_seen_empty_loading_offline_in_error_and_denied() -> None:
    """Or its line in `five_states.py` says why it can't be."""
    gone_to = {name for name, row in states.SCREENS.items() if row in ROWS}
    assert not gone_to ^ STATES.keys()
    for name, shown in STATES.items():
        assert not lead_nowhere({f"{name}, {state}": row for state, row in shown._asdict().items()})


def test_no_two_rows_have_one_name() -> None:
    assert len(ROWS) == len(SCREENS)


def test_a_call_never_goes_back() -> None:
    """Its rows stand in the order in which one real call comes to their states."""
    order = [call.STATES.index(screen.call) for screen in SCREENS if screen.call]
    assert order == sorted(order)
    assert not call.PASSING - {*call.STATES}


def test_what_is_seen_most_stands_in_the_table() -> None:
    assert not MOST_SEEN - ROWS
    assert {title.partition("-")[0] for title in MOST_SEEN} == {*FACES}
