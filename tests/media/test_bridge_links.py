"""Three ends through the real bridge where a link is bad or goes by the relay: what the others hear of it."""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.gateways.coturn import Coturn
from app.media.aiortc_fit import EncodedReceiver
from app.media.forwarding import after
from app.media.rtp_path import MediaDtls
from tests.media.ends import in_a_loop
from tests.media.test_bridge import (
    PACKET_MS,
    RATE_HZ,
    STAMPS,
    WORSE_BY,
    FamilyEnd,
    decoded,
    gathering,
    packets_of,
)
from tests.media.voices import quality, speech
from tests.services.coturn import SECRET, PrivateCoturn
from tests.thinlink.voice import Recording, delays

LOSS = 0.1
SECONDS = 3
LONGEST_GAP_MS = 250  # between packets of a voice that goes on; the machine has others to serve
UNEVEN_SECONDS = 0.2
RELAYED_MS = 500


@pytest.fixture
def coturn() -> Iterator[PrivateCoturn]:
    running = PrivateCoturn()
    yield running
    running.stop()


def lose(end: FamilyEnd, share: float) -> list[int]:
    """A share of the packets of voice, to this end and from it, is lost; how many, as it goes on."""
    chance, lost = random.Random(5), [0, 0]
    transceiver = end.pc.getTransceivers()[0]
    receiver, dtls = transceiver.receiver, transceiver.sender.transport
    assert isinstance(receiver, EncodedReceiver)
    assert isinstance(dtls, MediaDtls)
    take, transmit = receiver.take, dtls.transmit

    def takes(*packet: object) -> None:
        if chance.random() < share:
            lost[0] += 1
        else:
            take(*packet)  # type: ignore[arg-type]

    def transmits(packet: bytes) -> bool:
        if packet[1] < 192 and chance.random() < share:
            lost[1] += 1
            return True
        return transmit(packet)

    receiver.take, dtls.transmit = takes, transmits  # type: ignore[method-assign, assignment]
    return lost


def sound(pcm: bytes) -> Recording:
    return Recording(0, np.frombuffer(pcm, "<i2")[::3].astype(np.float32) / np.float32(32_768))


def goes_on(end: FamilyEnd) -> bool:
    """Whether nothing is left out between the packets that came, and none waited for long."""
    pairs = list(zip(end.voice, end.voice[1:], strict=False))
    steps = {after(y.rtp_timestamp, x.rtp_timestamp) for x, y in pairs}
    waits = [y.arrived_ms - x.arrived_ms for x, y in pairs]
    return steps == {STAMPS} and max(waits) < LONGEST_GAP_MS


@in_a_loop
async def test_one_end_that_loses_a_tenth_both_ways_spoils_nobody(tmp_path: Path) -> None:
    """First another one speaks, then both at once."""
    said, other = (speech(voice)[: RATE_HZ * 2 * SECONDS] for voice in ("en-us+f2", "en-us+m3"))
    mine, theirs = packets_of(said), packets_of(other)
    async with gathering(tmp_path) as family:
        a, b, c = [await family.come(name) for name in "abc"]
        lost = lose(a, LOSS)
        await b.speak(mine)
        await asyncio.sleep(0.5)
        sent = [packet for packet in mine if packet]
        assert len(c.voice) == len(sent), "who loses has lost, and nobody else"
        assert lost[0] > 0
        came_ms = sum(frame.duration_ms for frame in a.voice)  # in longer packets once it is known that it loses
        assert 0.75 < came_ms / (len(sent) * PACKET_MS) <= 1
        assert quality(said, c.heard()) > quality(said, decoded(mine)) - WORSE_BY
        c.voice.clear()
        await asyncio.gather(a.speak(theirs), b.speak(mine))
        await asyncio.sleep(0.5)
        assert lost[1] > len(theirs) * LOSS / 4, "else it was no trial"
        assert len(c.voice) > SECONDS * 1_000 / PACKET_MS * 0.9
        assert goes_on(c)
        heard = delays(sound(said), sound(c.heard()), 0, SECONDS)
        assert len(heard) == SECONDS - 1, "the other voice is in the mix all the time"
        assert max(late for _, late in heard) - min(late for _, late in heard) < UNEVEN_SECONDS


@in_a_loop
async def test_a_bridge_that_is_reached_by_the_relay_alone_carries_voices(
    tmp_path: Path, coturn: PrivateCoturn
) -> None:
    relays = Coturn([coturn.url], SECRET, "relay").issue("seat", datetime.now(UTC) + timedelta(minutes=5))
    said = speech("en-us+f2")[: RATE_HZ * 2 * SECONDS]
    packets = packets_of(said)
    async with gathering(tmp_path, relays) as family:
        a, b = [await family.come(name) for name in "ab"]
        await a.speak(packets)
        await asyncio.sleep(RELAYED_MS / 1_000)
        assert quality(said, b.heard()) > quality(said, decoded(packets)) - WORSE_BY
        for end in (a, b):
            assert "typ relay" in end.pc.remoteDescription.sdp
            assert "typ host" not in end.pc.remoteDescription.sdp
    assert coturn.log().count("ALLOCATE processed, success") == 2
