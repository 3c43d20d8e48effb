import socket

import pytest

from tests.loopback import LeftTheMachine, is_local


@pytest.mark.parametrize(
    ("family", "address", "local"),
    [
        (socket.AF_UNIX, "/run/doorbell", True),
        (socket.AF_INET, ("127.0.0.1", 80), True),
        (socket.AF_INET, ("127.8.8.8", 80), True),
        (socket.AF_INET, ("localhost", 80), True),
        (socket.AF_INET6, ("::1", 80, 0, 0), True),
        (socket.AF_INET6, ("::ffff:127.0.0.1", 80, 0, 0), True),
        (socket.AF_INET, ("192.0.2.1", 80), False),
        (socket.AF_INET, ("0.0.0.0", 80), False),
        (socket.AF_INET, ("example.org", 80), False),
        (socket.AF_INET6, ("2001:db8::1", 80, 0, 0), False),
    ],
)
def test_only_this_machine_is_local(family: int, address: object, local: bool) -> None:
    assert is_local(family, address) is local


def test_a_connection_elsewhere_fails_the_test() -> None:
    with socket.socket() as stream, pytest.raises(LeftTheMachine, match=r"192\.0\.2\.1"):
        stream.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(LeftTheMachine):
        datagrams.sendto(b"?", ("192.0.2.1", 53))
