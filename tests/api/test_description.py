"""Schemathesis asks every operation of the real application, as each kind of caller, what its description promises."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import delete

from app import factory
from app.villages import service as villages
from app.villages.models import Closure
from app.villages.rules import OpeningFacts
from app.web import openapi as description
from app.web.api import KEY_HEADER
from app.web.principals import FACE_HEADER, cookie_name
from tests.opening import opened
from tests.scene import NOW, at
from tests.web.open_house import Badge, OpenHouse

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EXAMPLES = 10
KEYS = (f"asked {number}" for number in count())
FREE = (at(9 + n % 12) + timedelta(days=1 + n // 12) for n in count())  # times at which nobody has a call yet

DESCRIBED = description.describe([route for api in factory.APIS for route in api.routes], "test")
OPERATIONS = sorted(
    f"{method.upper()} {path}" for path, operations in DESCRIBED["paths"].items() for method in operations
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[OpenHouse]:
    folder = tmp_path_factory.mktemp("house")
    path = folder / "homethread.db"
    path.write_bytes(sqlite_template.read_bytes())
    with opened(f"sqlite:///{path}") as database:
        yield OpenHouse(database, folder)


@pytest.fixture(scope="module")
def operations(house: OpenHouse) -> dict[str, APIOperation]:  # type: ignore[type-arg]
    schema = openapi.from_wsgi("/api/openapi.json", house.web.app)
    found = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    return {f"{operation.method.upper()} {operation.path}": operation for operation in found}


@pytest.fixture(params=["phone", "terminal", "desk"])
def badge(request: pytest.FixtureRequest, house: OpenHouse) -> Badge:
    """Signed in anew, in an open village: an operation before may have signed out, or closed it."""
    alice = house.scene.alice
    with house.database.begin() as session:
        villages.set_openings(session, alice.village, [OpeningFacts(day, 480, 1320) for day in range(7)], NOW)
        session.execute(delete(Closure))
    guests = {"phone": house.parent, "terminal": house.terminal, "desk": house.desk}
    badge = guests[request.param](alice).badge
    assert badge
    return badge


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_keeps_its_promise(
    house: OpenHouse, operations: dict[str, Any], badge: Badge, name: str
) -> None:  # fmt: skip
    operation, statuses = operations[name], Counter[int]()
    call_id = house.scene.book(house.scene.alice, next(FREE))
    known = {
        "call_id": call_id, "child_id": house.scene.alice.child, "parent_id": house.scene.alice.parent,
        "family_id": house.scene.alice.family, "person_id": house.scene.alice.child,
    }  # fmt: skip
    cases = st.one_of([operation.as_strategy(mode) for mode in GenerationMode])

    @settings(max_examples=EXAMPLES, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=cases, is_hers=st.booleans())
    def ask(case: Case[Any], is_hers: bool) -> None:
        if is_hers:
            for values in (case.path_parameters, case.query, case.body):
                put_known(values, known)
        sent = {FACE_HEADER: badge.face, "Accept-Encoding": "identity"}
        if KEY_HEADER in (case.headers or {}):
            sent[KEY_HEADER] = next(KEYS)
        answer = case.call(headers=sent, cookies={cookie_name(badge.face): badge.token})
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    ask()
    assert set(statuses) - {401}


def put_known(values: object, known: dict[str, str]) -> None:
    """Let the ids in a generated request be ids of what there is."""
    if isinstance(values, dict):
        values.update({name: known[name] for name in values if name in known})
