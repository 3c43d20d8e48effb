"""The TLS socket of the web program: read and written by threads at once, by a peer that is slow or silent."""

import socket
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from app.programs import tls_socket
from app.programs.local_tls import LocalAuthority

PIECE = 16_384


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LocalAuthority:
    made = LocalAuthority(tmp_path_factory.mktemp("tls"))
    made.certify([], "school", datetime.now(UTC))
    return made


@pytest.fixture
def server_context(authority: LocalAuthority) -> ssl.SSLContext:
    def make() -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(authority.server_file)
        return context

    return tls_socket.context(None, make)


@pytest.fixture
def ends(authority: LocalAuthority, server_context: ssl.SSLContext) -> Iterator[tuple[ssl.SSLSocket, ssl.SSLSocket]]:
    """The server's end, which blocks as gunicorn leaves it, and a client's."""
    here, there = socket.socketpair()
    server = server_context.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
    asking = ssl.create_default_context(cafile=str(authority.server_file.parent / "ca.crt"))
    with ThreadPoolExecutor(1) as pool:
        shaking = pool.submit(server.do_handshake)
        client = asking.wrap_socket(there, server_hostname="localhost")
        shaking.result()
    client.settimeout(20)
    yield server, client
    for end in (client, server):
        end.close()


def read(stream: ssl.SSLSocket, length: int) -> bytes:
    got = bytearray()
    while len(got) < length:
        more = stream.recv(4096)
        assert more
        got += more
    return bytes(got)


def test_it_writes_while_it_waits_to_read(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    server, client = ends
    assert server.gettimeout() is None
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.recv, 100)
        for _ in range(50):
            server.send(b"hello")
            assert read(client, 5) == b"hello"
        assert not waiting.done()
        client.sendall(b"at last")
        assert waiting.result(20) == b"at last"


def test_pieces_of_many_writers_stay_whole_while_another_reads(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    """More than the pipe between them holds, so that writers wait for room in the middle of a piece."""
    server, client = ends
    writers, pieces = 4, 40
    with ThreadPoolExecutor(writers + 2) as pool:
        reading = pool.submit(read, server, writers * pieces * PIECE)
        sending = pool.submit(client.sendall, b"c" * (writers * pieces * PIECE))
        for letter in (b"w", b"x", b"y", b"z"):
            pool.submit(lambda piece: [server.send(piece) for _ in range(pieces)], letter * PIECE)
        for _ in range(writers * pieces):
            piece = read_piece(client)
            assert piece == piece[:1] * PIECE
        sending.result(20)
        assert reading.result(20) == b"c" * (writers * pieces * PIECE)


def read_piece(client: ssl.SSLSocket) -> bytes:
    got = client.recv(PIECE)
    while len(got) < PIECE:
        got += client.recv(PIECE - len(got))
    return got


def test_what_lies_in_the_buffer_already_is_given_at_once(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    """One record, read in four parts: after the first the operating system has nothing more to announce."""
    server, client = ends
    client.sendall(b"r" * PIECE)
    assert [len(server.recv(4096)) for _ in range(4)] == [4096] * 4


def test_the_end_of_the_peer_ends_a_wait(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    server, client = ends
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.recv, 100)
        client.shutdown(socket.SHUT_RDWR)
        assert waiting.result(20) == b""


def test_a_time_limit_holds(ends: tuple[ssl.SSLSocket, ssl.SSLSocket]) -> None:
    server, _client = ends
    server.settimeout(0.05)
    with pytest.raises(TimeoutError):
        server.recv(1)


def test_whoever_never_shakes_hands_is_given_up(
    server_context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_socket, "HANDSHAKE_SECONDS", 0.05)
    here, there = socket.socketpair()
    server = server_context.wrap_socket(here, server_side=True, do_handshake_on_connect=False)
    with there, server, pytest.raises(TimeoutError):
        server.do_handshake()


def test_nothing_older_than_tls_1_2(server_context: ssl.SSLContext) -> None:
    assert server_context.minimum_version == ssl.TLSVersion.TLSv1_2
