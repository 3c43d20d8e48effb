"""One SMSC for all tests of SMPP, as new for each, and a gateway that knows it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.gateways.smpp import Smpp
from tests.contracts.smpp.ears import HandClock, Sink, listening
from tests.services.smsc import PrivateSmsc


@pytest.fixture(scope="package")
def node_smsc() -> Iterator[PrivateSmsc]:
    server = PrivateSmsc()
    yield server
    server.stop()


@pytest.fixture
def smsc(node_smsc: PrivateSmsc) -> PrivateSmsc:
    node_smsc.forget()
    return node_smsc


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def sink() -> Sink:
    opened = Sink()
    opened.gate.set()
    return opened


@pytest.fixture
def gateway(smsc: PrivateSmsc, tmp_path: Path, clock: HandClock) -> Smpp:
    return Smpp(smsc.url, tmp_path, clock)


@pytest.fixture
def heard(gateway: Smpp, sink: Sink, smsc: PrivateSmsc) -> Iterator[Sink]:
    """What is taken by a gateway that listens already."""
    with listening(gateway, sink):
        smsc.until(lambda: bool(smsc.events("bind")))
        yield sink
