"""The worker's ears: one thread for each gateway that listens, begun again when it ends unasked, gone when told."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from app.gateways.simulated_phones import SimulatedPhones
from app.kernel.clock import SystemClock
from app.kernel.numbers import E164
from app.notices.ports import Arrivals, SmsGateway
from app.programs.listening import Listeners
from tests.web.waiting import until

NUMBER = E164("+8613800138000")


class Stumbling(SimulatedPhones):
    """Phones whose listening ends unasked, by an error and without, before it holds."""

    def __init__(self, folder: Path, *ends: Exception | None) -> None:
        super().__init__(folder / "phones.db", SystemClock())
        self.ends = list(ends)

    def listen(self, take: Callable[[Arrivals], None], stop: threading.Event) -> None:
        if self.ends:
            end = self.ends.pop(0)
            if end is not None:
                raise end
            return
        super().listen(take, stop)


class Deaf:
    """A gateway that nobody can listen to."""

    name = "deaf"


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


def listening(
    gateways: list[SmsGateway], take: Callable[[str, Arrivals], None], stop: threading.Event
) -> Listeners:  # fmt: skip
    listeners = Listeners(
        gateways, lambda gateway: lambda arrivals: take(gateway.name, arrivals), stop, first_pause_seconds=0.01
    )
    listeners.start()
    return listeners


def test_what_comes_in_is_taken_under_the_gateways_name_until_it_is_told_to_stop(
    tmp_path: Path, stop: threading.Event
) -> None:
    phones, taken = Stumbling(tmp_path), list[tuple[str, str]]()
    deaf: SmsGateway = Deaf()  # type: ignore[assignment]
    listeners = listening([deaf, phones], lambda name, came: taken.extend((name, t.text) for t in came.texts), stop)
    phones.write(NUMBER, "2", "k")
    until(lambda: bool(taken))
    assert taken == [("simulated", "2")]
    stop.set()
    listeners.join()
    assert not [each for each in threading.enumerate() if each.name.startswith("hear-")]


def test_listening_that_ends_unasked_begins_again(
    tmp_path: Path, stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    phones, taken = Stumbling(tmp_path, RuntimeError(f"no line to {NUMBER}"), None), list[str]()
    listeners = listening([phones], lambda _name, came: taken.extend(text.text for text in came.texts), stop)
    phones.write(NUMBER, "2", "k")
    until(lambda: bool(taken))
    stop.set()
    listeners.join()
    assert "RuntimeError" in caplog.text
    assert NUMBER.lstrip("+") not in caplog.text


def test_what_is_not_taken_is_logged_without_what_stood_in_it_and_comes_again(
    tmp_path: Path, stop: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    phones, tries = Stumbling(tmp_path), list[str]()

    def take(_name: str, came: Arrivals) -> None:
        tries.extend(text.text for text in came.texts)
        if len(tries) == 1:
            raise RuntimeError(f"a clash over {came.texts[0].sender}")

    with caplog.at_level(logging.WARNING, logger="app.programs.listening"):
        listeners = listening([phones], take, stop)
        phones.write(NUMBER, "2", "k")
        until(lambda: len(tries) == 2)
    stop.set()
    listeners.join()
    (line,) = [each.getMessage() for each in caplog.records if each.name == "app.programs.listening"]
    assert "RuntimeError" in line
    assert NUMBER.lstrip("+") not in line
