"""Alice's family with nothing but phones: texts out by a gateway, texts in as their network brings them.

The lines are what stands between us and a phone: the simulated phones, or a real Kannel that calls a real web program.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select
from werkzeug.serving import make_server

from app import bootstrap, factory
from app.bootstrap import Services, vault
from app.config import load
from app.families.models import Person
from app.gateways.direct_only import DirectOnly
from app.gateways.kannel import Kannel
from app.gateways.simulated_phones import SimulatedPhones
from app.jobs.worker import Worker
from app.kernel.numbers import E164
from app.notices.ports import SmsGateway
from app.sms import hooks, inbox
from app.sms.models import TextIn
from app.storage.database import Database
from tests.flows.conftest import Evening
from tests.scene import SEALER, Scene, set_scene
from tests.services import free_port
from tests.services.kannel import PrivateKannel
from tests.web.waiting import until


class Line(Protocol):
    @property
    def gateway(self) -> SmsGateway: ...

    def texts(self, number: E164) -> list[str]:
        """What stands on a phone, oldest first, without what was typed there."""

    def types(self, number: E164, text: str) -> None: ...


@dataclass
class Story:
    """An evening in which people write texts; the clock is stepped, what their network takes is waited for."""

    evening: Evening
    line: Line

    @property
    def scene(self) -> Scene:
        return self.evening.scene

    def phone(self, person_id: str) -> list[str]:
        return self.line.texts(self._number(person_id))

    def sees(self, person_id: str, words: str) -> str:
        """The last text on a phone, once it says these words."""
        until(lambda: words in "".join(self.phone(person_id)[-1:]))
        return self.phone(person_id)[-1]

    def writes(self, person_id: str, text: str) -> str:
        """A person writes a text, which is followed; the answer that comes to their phone."""
        before, kept = len(self.phone(person_id)), self._kept()
        self.line.types(self._number(person_id), text)
        until(lambda: self._kept() > kept)
        self.evening.settle()
        until(lambda: len(self.phone(person_id)) > before)
        return self.phone(person_id)[-1]

    def _number(self, person_id: str) -> E164:
        with self.scene.database.read() as session:
            number = session.get_one(Person, person_id).phone
        assert number is not None
        return E164(number)

    def _kept(self) -> int:
        with self.scene.database.read() as session:
            return session.scalar(select(func.count()).select_from(TextIn)) or 0


class Simulated:
    def __init__(self, phones: SimulatedPhones) -> None:
        self.gateway, self._keys = phones, count(1)

    def texts(self, number: E164) -> list[str]:
        return [text.text for text in self.gateway.texts(number) if not text.is_own]

    def types(self, number: E164, text: str) -> None:
        self.gateway.write(number, text, f"typed {next(self._keys)}")


class ByKannel:
    def __init__(self, kannel: PrivateKannel) -> None:
        self._kannel, self.gateway = kannel, Kannel(kannel.url)

    def texts(self, number: E164) -> list[str]:
        return self._kannel.sent(number)

    def types(self, number: E164, text: str) -> None:
        self._kannel.receive(number, text)


@contextmanager
def told_by_simulated_phones(database: Database, folder: Path) -> Iterator[Story]:
    scene = set_scene(database)
    phones = SimulatedPhones(folder / "phones.sqlite", scene.clock)
    stop = threading.Event()
    take = lambda arrivals: inbox.take(database, scene.clock, phones.name, arrivals)  # noqa: E731 - one line
    listener = threading.Thread(target=phones.listen, args=(take, stop))
    listener.start()
    try:
        yield _story(scene, folder, Simulated(phones))
    finally:
        stop.set()
        listener.join()


@contextmanager
def told_by_kannel(database: Database, folder: Path) -> Iterator[Story]:
    """Kannel calls a web program that serves the hooks and all else."""
    scene, port = set_scene(database), free_port()
    address = f"http://127.0.0.1:{port}"
    with ExitStack() as ends:
        kannel = PrivateKannel(f"{address}/hooks/kannel/{hooks.secret(SEALER, Kannel.name)}")
        ends.callback(kannel.stop)
        story = _story(scene, folder, ByKannel(kannel), address)
        web = factory.create(_services(scene, folder, story.line.gateway, address))
        server = make_server("127.0.0.1", port, web.app, threaded=True)
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.start()
        ends.callback(server.server_close)
        ends.callback(serving.join)
        ends.callback(server.shutdown)
        yield story


def _story(scene: Scene, folder: Path, line: Line, address: str = "http://127.0.0.1:8080") -> Story:
    services = _services(scene, folder, line.gateway, address)
    worker = Worker(scene.database, scene.clock, bootstrap.handlers(services))
    phones = SimulatedPhones(folder / "phones.sqlite", scene.clock)
    return Story(Evening(scene, worker, phones), line)


def _services(scene: Scene, folder: Path, gateway: SmsGateway, address: str) -> Services:
    config = load({"HOMETHREAD_DATA_DIR": str(folder), "HOMETHREAD_PUBLIC_URL": address})
    return Services(config, scene.database, scene.clock, (gateway,), None, None, DirectOnly(), SEALER, vault(config))
