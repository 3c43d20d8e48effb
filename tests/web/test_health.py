"""Whether this process serves, whether the whole does, and who may see the figures."""

import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from app.jobs.models import WorkerBeat
from app.storage.database import Database
from app.web import health
from tests.web.open_house import OpenHouse

TOKEN = "only for the watcher"
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def watched(sqlite_url: str, tmp_path: Path) -> OpenHouse:
    return OpenHouse(Database(sqlite_url), tmp_path, metrics_token=TOKEN)


def worker_was_seen(house: OpenHouse) -> None:
    with house.database.begin() as session:
        session.merge(WorkerBeat(name="worker", at=house.clock.now()))


def test_it_can_serve(house_on_both: OpenHouse) -> None:
    answer = house_on_both.nobody().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"ok": True})


def test_the_whole_is_ready_while_a_worker_is_seen(house_on_both: OpenHouse) -> None:
    house, nobody = house_on_both, house_on_both.nobody()
    assert nobody.get("/readyz").get_json() == {"database": True, "worker": False, "disk": True}
    worker_was_seen(house)
    house.clock.step(seconds=19)
    assert nobody.get("/readyz").status_code == 200
    house.clock.step(seconds=1)
    answer = nobody.get("/readyz")
    assert (answer.status_code, answer.get_json()["worker"]) == (503, False)


def test_it_is_not_ready_with_a_full_disk(house: OpenHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    worker_was_seen(house)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 10**12, health.LEAST_FREE_BYTES))
    answer = house.nobody().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": True, "worker": True, "disk": False})


def test_it_is_not_ready_without_its_tables(tmp_path: Path, house: OpenHouse) -> None:
    house.database.close()
    for path in tmp_path.glob("homethread.db*"):
        path.unlink()
    answer = house.nobody().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"database": False, "worker": False, "disk": True})


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, 404),
        ("10.0.0.7", {}, 404),
        ("10.0.0.7", {"Authorization": "Bearer guessed"}, 404),
        ("10.0.0.7", {"Authorization": "Bearer gu\xe9ssed"}, 404),
        ("10.0.0.7", {"Authorization": TOKEN}, 404),
        ("10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7", "Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_figures_are_for_near_ones_and_for_the_token(
    watched: OpenHouse, address: str, headers: dict[str, str], status: int
) -> None:
    answer = watched.nobody().ask("GET", "/metrics", headers=headers, environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == status
    assert ("homethread_sockets 0" in answer.text) is (status == 200)


def test_without_a_token_nobody_from_afar_sees_figures(house: OpenHouse) -> None:
    for given in ("Bearer None", "Bearer ", "Bearer"):
        headers = {"Authorization": given}
        answer = house.nobody().ask("GET", "/metrics", headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.7"})
        assert answer.status_code == 404
