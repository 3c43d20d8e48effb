"""What each seat gets from the issuer, and the STUN client against servers that misbehave."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from app.gateways import stun
from app.gateways.coturn import Coturn, sign
from app.gateways.stun import Message, Server

UNTIL = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_the_password_is_what_the_draft_computes() -> None:
    """The same as: printf %s 1795435200:seat | openssl dgst -sha1 -hmac north -binary | base64."""
    assert sign("north", "seat", UNTIL) == ("1795435200:seat", EXPECTED)


EXPECTED = "hh6lopw77L4YATagDaDT9j3/jNA="


def test_addresses_without_credential_stand_apart() -> None:
    turn = Coturn(["stun:a.example", "turn:b.example", "turns:b.example:443?transport=tcp"], "north", "relay")
    open_, relay = turn.issue("seat", UNTIL)
    assert open_ == {"urls": ["stun:a.example"]}
    assert relay["urls"] == ["turn:b.example", "turns:b.example:443?transport=tcp"]
    assert set(relay) == {"urls", "username", "credential"}
    assert turn.policy == "relay"
    assert Coturn(["stun:a.example"], None, "all").issue("seat", UNTIL) == [{"urls": ["stun:a.example"]}]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("stun:a.example", Server("a.example", 3478, "udp")),
        ("turn:a.example:99?transport=tcp", Server("a.example", 99, "tcp")),
        ("turn:[2001:db8::1]:99", Server("2001:db8::1", 99, "udp")),
        ("turns:a.example", Server("a.example", 5349, "tls")),
        ("turns:a.example:443?transport=tcp", Server("a.example", 443, "tls")),
    ],
)
def test_where_an_address_leads(url: str, server: Server) -> None:
    assert stun.server_of(url) == server


@pytest.mark.parametrize("url", ["turn:", "turn:a.example?transport=sctp", "turns:a.example?transport=udp"])
def test_what_leads_nowhere_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="turn"):
        stun.server_of(url)


@contextmanager
def answering(answer: Callable[[bytes], list[bytes]]) -> Iterator[Server]:
    """A UDP server that says for each datagram what it is told to."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                asked, who = server.recvfrom(2000)
                if asked == b"end":
                    return
                for said in answer(asked):
                    server.sendto(said, who)

        thread = threading.Thread(target=serve)
        thread.start()
        yield Server("127.0.0.1", server.getsockname()[1], "udp")
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"end", server.getsockname())
        thread.join()


def yes(asked: bytes) -> bytes:
    return Message(stun.BINDING | stun.IS_SUCCESS, {}, asked[8:20]).packed()


def test_noise_and_answers_to_others_are_passed_over() -> None:
    other = Message(stun.BINDING | stun.IS_SUCCESS, {}).packed()
    with answering(lambda asked: [b"", b"noise", bytes(20), other[:19], other, yes(asked)]) as server:
        stun.bind(server)


def test_a_packet_that_is_lost_is_sent_again() -> None:
    heard: list[bytes] = []

    def second_time(asked: bytes) -> list[bytes]:
        heard.append(asked)
        return [yes(asked)] if len(heard) > 1 else []

    with answering(second_time) as server:
        stun.bind(server)
    assert heard[0] == heard[1], "the same transaction"


def test_silence_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stun, "TRIES_SECONDS", (0.05, 0.05))
    with answering(lambda _: []) as server, pytest.raises(TimeoutError, match="UDP"):
        stun.bind(server)


def test_an_error_is_told_with_its_code() -> None:
    def full(asked: bytes) -> list[bytes]:
        error = {stun.ERROR_CODE: bytes([0, 0, 4, 86]) + b"Allocation Quota Reached"}
        return [Message(stun.ALLOCATE | 0x0110, error, asked[8:20]).packed()]

    with answering(full) as server, pytest.raises(stun.Refusal, match="486 Allocation Quota Reached"):
        stun.allocate(server, "name", "password")


def test_a_relay_for_anybody_is_refused() -> None:
    """An open relay would carry anybody's traffic on the operator's account."""

    def open_relay(asked: bytes) -> list[bytes]:
        return [Message(stun.ALLOCATE | stun.IS_SUCCESS, {}, asked[8:20]).packed()]

    with answering(open_relay) as server, pytest.raises(stun.Refusal, match="anybody"):
        stun.allocate(server, "name", "password")


def test_a_server_that_closes_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=lambda: listener.accept()[0].close())
        thread.start()
        with pytest.raises(ConnectionError):
            stun.bind(Server("127.0.0.1", listener.getsockname()[1], "tcp"))
        thread.join()


def test_the_address_of_version_six_is_read() -> None:
    transaction = bytes(range(12))
    wanted = ipaddress.ip_address("2001:db8::7")
    mask = stun.MAGIC.to_bytes(4, "big") + transaction
    masked = bytes(a ^ b for a, b in zip(wanted.packed, mask, strict=True))
    assert stun.place_in(b"\0\2\0\0" + masked, transaction)[0] == wanted
