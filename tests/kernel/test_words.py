"""Events survive their payload, ids and tokens look as promised, errors carry their code."""

import re
from dataclasses import fields
from datetime import datetime
from typing import Any

import pytest

from app.kernel import errors, events, ids, numbers
from app.kernel.events import EVENT_KINDS, Event
from tests.scene import NOW


def made(kind: type[Event]) -> Event:
    values: dict[str, Any] = {f.name: NOW if f.type is datetime else f"the {f.name}" for f in fields(kind)}
    return kind(**values)


@pytest.mark.parametrize("kind", EVENT_KINDS.values())
def test_an_event_is_the_same_after_its_payload(kind: type[Event]) -> None:
    event = made(kind)
    payload = events.to_payload(event)
    assert all(isinstance(value, str) for value in payload.values())
    assert events.from_payload(kind.__name__, payload) == event


def test_every_event_class_is_known() -> None:
    classes = [thing for thing in vars(events).values() if isinstance(thing, type) and issubclass(thing, Event)]
    assert {each.__name__ for each in classes if not each.__subclasses__()} == set(EVENT_KINDS)


def test_ids_are_short_and_tokens_are_long() -> None:
    assert re.fullmatch(r"[a-z2-7]{16}", ids.random_id())
    assert re.fullmatch(r"[a-z2-7]{32}", ids.random_token())
    assert len({ids.random_id() for _ in range(1000)}) == 1000


def test_errors_say_whose_fault_it_is() -> None:
    assert [
        (error.status, error.code)
        for error in (
            errors.Refused("slot_taken"), errors.Invalid("not_json"), errors.NotSignedIn(), errors.NotAllowed(),
            errors.NotFound(), errors.TooLarge("too_large"), errors.Busy("unavailable", 5),
        )
    ] == [
        (409, "slot_taken"), (422, "not_json"), (401, "not_signed_in"), (403, "not_allowed"), (404, "not_found"),
        (413, "too_large"), (503, "unavailable"),
    ]  # fmt: skip


def test_a_number_is_masked() -> None:
    assert numbers.masked("+8613800000011") == "…11"
