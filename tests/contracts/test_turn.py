"""What a real coturn makes of the credentials that we sign."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from app.gateways import stun
from app.gateways.coturn import Coturn
from tests.services.coturn import SECRET, PrivateCoturn

SEAT = "01JDSEAT"
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def coturn() -> Iterator[PrivateCoturn]:
    running = PrivateCoturn()
    yield running
    running.stop()


@pytest.fixture(params=["udp", "tcp"])
def ask(request: pytest.FixtureRequest, coturn: PrivateCoturn) -> Callable[[str, datetime], object]:
    """Asks for a relayed address by each transport, with what the issuer gives a browser."""

    def allocate(secret: str, until: datetime) -> object:
        url = f"{coturn.url}?transport={request.param}"
        (entry,) = Coturn([url], secret, "all").issue(SEAT, until)
        assert entry["urls"] == [url]
        return stun.allocate(stun.server_of(url), entry["username"], entry["credential"])

    return allocate


def test_a_seats_credential_gets_a_relayed_address(ask: Callable[[str, datetime], object]) -> None:
    assert str(ask(SECRET, datetime.now(UTC) + MINUTE)) == "127.0.0.1"


@pytest.mark.parametrize(("secret", "ends_in"), [(SECRET, -MINUTE), ("another secret", MINUTE)])
def test_a_credential_that_ended_or_is_not_ours_gets_nothing(
    ask: Callable[[str, datetime], object], secret: str, ends_in: timedelta
) -> None:
    with pytest.raises(stun.Refusal) as refused:
        ask(secret, datetime.now(UTC) + ends_in)
    assert refused.value.code == stun.UNAUTHORIZED


def test_a_name_cannot_be_taken_from_one_credential_into_another(coturn: PrivateCoturn) -> None:
    """The end of the call is part of what is signed: a later one needs a new password."""
    now = datetime.now(UTC)
    (early,) = Coturn([coturn.url], SECRET, "all").issue(SEAT, now - MINUTE)
    (late,) = Coturn([coturn.url], SECRET, "all").issue(SEAT, now + MINUTE)
    with pytest.raises(stun.Refusal):
        stun.allocate(stun.server_of(coturn.url), late["username"], early["credential"])


def test_it_tells_an_address_without_a_credential(coturn: PrivateCoturn) -> None:
    stun.bind(stun.server_of(f"stun:127.0.0.1:{coturn.port}"))
