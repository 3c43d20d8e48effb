"""`homethread check`: what a real coturn and a gateway say, and what is advised where something is wrong."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands.test_demo import run
from tests.services.coturn import SECRET, PrivateCoturn
from tests.services.ports import free_port
from tests.services.s3 import PrivateS3


@pytest.fixture(scope="module")
def coturn() -> Iterator[PrivateCoturn]:
    running = PrivateCoturn()
    yield running
    running.stop()


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    """Where the embedded database lies, as `homethread migrate` leaves it."""
    shutil.copyfile(sqlite_template, tmp_path / "homethread.sqlite")
    return tmp_path


def checked(folder: Path, urls: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    return run("check", DATA_DIR=str(folder), TURN_URLS=urls, TURN_SECRET=secret)


def test_a_relay_that_relays_is_fine(coturn: PrivateCoturn, folder: Path) -> None:
    found = checked(folder, f"stun:127.0.0.1:{coturn.port},{coturn.urls}")
    assert found.returncode == 0, found.stdout
    assert found.stdout.count("relays at 127.0.0.1") == 2
    assert re.search(r"ok +stun:127.0.0.1:\d+: answers", found.stdout)


def test_another_secret_is_told_with_what_mends_it(coturn: PrivateCoturn, folder: Path) -> None:
    found = checked(folder, coturn.urls, "another secret")
    assert found.returncode == 1
    assert found.stdout.count("HOMETHREAD_TURN_SECRET must be the static-auth-secret") == 2
    assert SECRET not in found.stdout


@pytest.mark.parametrize(
    ("scheme", "transport", "way"), [("turn", "udp", "UDP"), ("turn", "tcp", "TCP"), ("turns", "tcp", "TCP")]
)
def test_nobody_there_is_told_with_the_port(folder: Path, scheme: str, transport: str, way: str) -> None:
    port = free_port()
    found = checked(folder, f"{scheme}:127.0.0.1:{port}?transport={transport}")
    assert found.returncode == 1
    assert f"nobody answers there by {way}" in found.stdout
    assert ("is no-tls left out" in found.stdout) is (scheme == "turns")
    assert f"{way} port {port}" in found.stdout
    assert "Traceback" not in found.stderr


def test_tls_without_tls_is_told(coturn: PrivateCoturn, folder: Path) -> None:
    found = checked(folder, f"turns:127.0.0.1:{coturn.port}")
    assert found.returncode == 1
    assert "TLS" in found.stdout
    assert "Traceback" not in found.stderr


def test_a_gateway_that_answers_is_fine(folder: Path) -> None:
    found = checked_texts(folder, "simulated:")
    assert found.returncode == 0, found.stdout
    assert re.search(r"ok +texts 1 \(simulated\): simulated answers", found.stdout)


def test_a_gateway_that_does_not_answer_is_told_with_what_mends_it_and_without_its_password(folder: Path) -> None:
    found = checked_texts(folder, f"simulated: kannel://we:secret@127.0.0.1:{free_port()}/?from=Home")
    assert found.returncode == 1
    assert "texts 2 (kannel): " in found.stdout
    assert "HOMETHREAD_SMS_GATEWAYS" in found.stdout
    assert "secret" not in found.stdout + found.stderr
    assert "Traceback" not in found.stderr


def checked_texts(folder: Path, urls: str) -> subprocess.CompletedProcess[str]:
    return run("check", DATA_DIR=str(folder), SMS_GATEWAYS=urls)


def test_a_store_of_recordings_is_tried(folder: Path) -> None:
    s3 = PrivateS3()
    try:
        found = checked_store(folder, s3.url())
        assert found.returncode == 0, found.stdout
        assert re.search(r"ok +recordings: can be kept, read and deleted in the bucket", found.stdout)
        wrong = checked_store(folder, s3.url(secret="another/secret"))
    finally:
        s3.stop()
    away = checked_store(folder, s3.url())
    for refused, says in ((wrong, "the store says SignatureDoesNotMatch"), (away, "the store does not answer")):
        assert refused.returncode == 1
        assert f"recordings: {says}" in refused.stdout
        assert "secret (percent-encoded) of HOMETHREAD_MESSAGE_STORE" in refused.stdout
        assert "another" not in refused.stdout + refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_folder_of_recordings_that_can_not_be_written_is_told(folder: Path) -> None:
    (folder / "messages").touch()
    found = checked_texts(folder, "simulated:")
    assert found.returncode == 1
    assert f"may we write to {folder / 'messages'}?" in found.stdout
    assert "Traceback" not in found.stderr


def checked_store(folder: Path, url: str) -> subprocess.CompletedProcess[str]:
    return run("check", DATA_DIR=str(folder), MESSAGE_STORE=url)
