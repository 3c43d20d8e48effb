"""Descriptions written small: what aiortc says of itself, and whatever else may come."""

import random
import re
from unittest.mock import patch

import pytest
from aiortc import RTCSessionDescription
from hypothesis import example, given
from hypothesis import strategies as st

from app.media import sdp
from app.media.aiortc_fit import EncodedTrack, PeerConnection
from app.media.ladder import Audio
from app.media.sdp import MOST_CHARACTERS, SdpError
from tests.media.ends import closing, in_a_loop, until
from tests.media.replay import LADDER

VOICE = LADDER["thin_voice"].audio
OFFER = (
    "v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0", "a=mid:0", "a=rtpmap:111 opus/48000/2", "a=fmtp:111 useinbandfec=1",
    "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111", "a=rtpmap:0 PCMU/8000", "a=ice-ufrag:abcd", "a=setup:actpass",
    "m=video 9 UDP/TLS/RTP/SAVPF 97 45", "a=mid:1", "a=rtpmap:97 VP8/90000", "a=rtcp-fb:97 nack", "a=rtpmap:45 AV1/9",
    "a=ice-ufrag:abcd", "a=setup:actpass",
)  # fmt: skip
STRANGE = (
    "m=audio 9 x 96 111 96", "m=audio", "m= ", "m=video 0 x 97", "m=application 9 x y", "o=", "o=-", "v=0", "x", "\r",
    "a=rtpmap:96 opus/48000/2", "a=rtpmap:111 opus/8", "a=rtpmap:96 red/48000", "a=rtpmap:٣ opus/1", "a=fmtp:96 x;;y=",
    "a=rtpmap:97 VP8/", "a=rtcp-fb:* nack", "a=ptime:20", "a=ice-ufrag:", "a=ice-ufrag:b", "a=ice-options:trickle",
    "a=setup:passive", "a=fingerprint:sha-1 AB", "a=candidate:1", "a=ssrc:1 msid:a b", "a=\r\r", "a=\x85\u2028",
)  # fmt: skip


@st.composite
def hostile(draw: st.DrawFn) -> str:
    """An offer with lines lost, doubled, in another order, and strange ones among them."""
    lines = list(OFFER)
    for what in draw(st.lists(st.sampled_from(["drop", "twice", "shuffle", *["add"] * 4]), max_size=12)):
        place = draw(st.integers(1, len(lines)))
        if what == "drop":
            del lines[place : place + 1]
        elif what == "twice":
            lines[place:place] = lines[place : place + 1]
        elif what == "shuffle":
            lines[place:] = random.Random(place).sample(lines[place:], len(lines) - place)
        else:
            lines.insert(place, draw(st.sampled_from(STRANGE) | st.text(max_size=9).map("a={}".format)))
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@example("v=0\nm=audio 9 x 1 2\na=rtpmap:1 opus/\na=rtpmap:2 opus/", VOICE)  # one of two that are the same is asked for
@given(hostile() | st.text(), st.sampled_from([None, VOICE]))
def test_what_comes_is_refused_or_stays_a_description(text: str, audio: Audio | None) -> None:
    try:
        kinds = sdp.kinds(text)
    except SdpError:
        with pytest.raises(SdpError):
            sdp.compact(text, audio)
        with pytest.raises(SdpError):
            sdp.origin(text)
        return
    made = sdp.compact(text, audio)
    assert re.fullmatch(r"v=0\r\n([a-z]=.+\r\n)+", made)
    assert sdp.kinds(made) == kinds
    assert sdp.compact(made, audio) == made, "twice is once"
    try:
        assert sdp.origin(text).ufrag
    except SdpError:
        return


MEGABYTE, MOST = 1_000_000, 2 * MOST_CHARACTERS


@pytest.mark.parametrize("line", ["a=x", "m=audio 9 x 111", "a=setup:a", "a=rtpmap:1 opus/", "\n", "a=" + "1" * MOST])
@pytest.mark.timeout(30)
def test_what_is_long_is_refused_or_soon_done(line: str) -> None:
    """What takes long holds up every voice of the program."""
    first = "v=0\nm=audio 9 x 1\n"
    for read in (sdp.origin, sdp.kinds, lambda text: sdp.compact(text, VOICE)):
        with pytest.raises(SdpError):
            read(first + f"{line}\n" * (MEGABYTE // len(line)))
        fits = f"{line[: MOST - 99]}\n"
        try:
            read(first + fits * ((MOST - 99) // len(fits)))
        except SdpError:
            assert read is sdp.origin or not line.strip(), "there is none"


@in_a_loop
async def test_what_aiortc_says_of_itself_is_shortened_and_still_connects() -> None:
    one, other = PeerConnection(), PeerConnection()
    with patch("aioice.ice.get_host_addresses", lambda **wanted: ["127.0.0.1"]):  # which aioice leaves out
        async with closing(one, other):
            one.addTrack(EncodedTrack("audio"))
            one.addTrack(EncodedTrack("video"))
            one.createDataChannel("stills")
            await one.setLocalDescription(await one.createOffer())
            said = one.localDescription.sdp
            small = sdp.compact(said, VOICE)
            assert len(small) < 0.6 * len(said)
            assert (sdp.origin(small), sdp.kinds(small)) == (sdp.origin(said), ["audio", "video", "application"])
            assert "usedtx=1;maxaveragebitrate=8000;maxplaybackrate=16000\r\n" in small
            await other.setRemoteDescription(RTCSessionDescription(small, "offer"))
            await other.setLocalDescription(await other.createAnswer())
            answer = sdp.compact(other.localDescription.sdp, VOICE)
            await one.setRemoteDescription(RTCSessionDescription(answer, "answer"))
            paths = [each.getSenders()[0].transport.transport for each in (one, other)]
            assert all(path.getRemoteCandidates() for path in paths), "aiortc looks for them in the last section"
            await until(lambda: one.connectionState == other.connectionState == "connected")
