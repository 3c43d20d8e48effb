"""Session descriptions (RFC 8866) of this program, written small: what an answer asks for, what nobody uses left out.

The same is done in browsers by `static/call/sdp.js`. What a description means aiortc decides; here are its lines.
"""

import re
from dataclasses import dataclass

from app.media.ladder import Audio
from app.media.opus_packets import WIDE_BAND_KBPS

MOST_CHARACTERS = 15_000  # what web takes of a description
USED_CODECS = ("opus", "red", "vp8", "h264", "rtx")
NEEDLESS = re.compile(r"a=(msid-semantic:|rtcp:|ssrc:\d+ (msid|mslabel|label):)|a=fingerprint:(?!sha-256 )")
OF_THE_TRANSPORT = ("a=ice-ufrag:", "a=ice-pwd:", "a=ice-options:", "a=fingerprint:", "a=setup:")
CANDIDATES = ("a=candidate:", "a=end-of-candidates", "a=ice-options:")
OF_A_FORMAT = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")
LONGEST_PACKET_MS = 120


class SdpError(ValueError):
    """What is no description, or none of a call."""


@dataclass(frozen=True)
class Origin:
    """Whose description it is, and which of theirs: another session or another ufrag is another connection."""

    session: str
    version: str
    ufrag: str


def origin(sdp: str) -> Origin:
    """Raises SdpError."""
    session, media = _parse(sdp)
    lines = [*session, *(line for section in media for line in section)]
    line = next((line for line in lines if line.startswith("o=")), "").split()
    ufrag = next((line for line in lines if line.startswith("a=ice-ufrag:")), "").partition(":")[2]
    if len(line) < 3 or not ufrag:
        raise SdpError("a description without an origin")
    return Origin(line[1], line[2], ufrag)


def kinds(sdp: str) -> list[str]:
    """The kinds of the sections of a description, in order: audio, video, application."""
    return [_kind(section) for section in _parse(sdp)[1]]


def compact(sdp: str, audio: Audio | None) -> str:
    """One of our own descriptions, small, asking for a voice as `audio` says.

    Everything of the one transport is said once: its candidates in the first section, the rest for the session.
    """
    session, media = _parse(sdp)
    media = [_voice(section, audio) if audio and _kind(section) == "audio" else section for section in media]
    media = [_with_used_codecs(section) for section in media]
    media = media[:1] + [[line for line in section if not line.startswith(CANDIDATES)] for section in media[1:]]
    shared = [line for line in media[0] if line.startswith(OF_THE_TRANSPORT) and not NEEDLESS.match(line)]
    shared = [line for line in shared if all(line in section or line.startswith("a=ice-options:") for section in media)]
    kept = [[line for line in section if line not in shared and not NEEDLESS.match(line)] for section in media]
    lines = [line for line in session if not NEEDLESS.match(line)] + shared
    return "\r\n".join([*lines, *(line for section in kept for line in section), ""])


def with_candidates_last(sdp: str) -> str:
    """A description whose sections are one transport, its candidates also in the last section, where aiortc looks.

    Browsers and we write them into the first alone, that of the bundle (RFC 9143).
    """
    session, media = _parse(sdp)
    if not any(line.startswith("a=group:BUNDLE ") for line in session):
        return sdp
    missing = [line for line in media[0] if line.startswith("a=candidate:") and line not in media[-1]]
    return "\r\n".join([*session, *(line for section in media for line in section), *missing, ""])


def _parse(sdp: str) -> tuple[list[str], list[list[str]]]:
    lines = sdp.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(sdp) > MOST_CHARACTERS * 2 or lines[0] != "v=0" or not all(re.match("[a-z]=.", line) for line in lines):
        raise SdpError("not a description")
    session: list[str] = []
    media: list[list[str]] = []
    for line in lines:
        if line.startswith("m="):
            media.append([])
        (media[-1] if media else session).append(line)
    if not media:
        raise SdpError("a description of nothing")
    return session, media


def _kind(section: list[str]) -> str:
    return section[0][2:].partition(" ")[0]


def _payloads(section: list[str], *codecs: str) -> list[str]:
    found = (re.match(r"a=rtpmap:(\d+) ([^/]+)/", line) for line in section)
    named = {match[1]: match[2].lower() for match in found if match}
    return [payload for payload in section[0].split()[3:] if named.get(payload) in codecs]


def _with_used_codecs(section: list[str]) -> list[str]:
    used = _payloads(section, *USED_CODECS)
    if not used:
        return section
    kept = [line for line in section[1:] if (of := OF_A_FORMAT.match(line)) is None or of[1] in used]
    return [" ".join([*section[0].split()[:3], *used]), *kept]


def _voice(section: list[str], audio: Audio) -> list[str]:
    """Browsers send by the parameters that the other end asks for, and in packets of its `ptime`."""
    opus, red = _payloads(section, "opus")[:1], _payloads(section, "red")
    if not opus:
        return section
    played_hz = 16_000 if audio.max_kbps <= WIDE_BAND_KBPS else 48_000
    asked = (
        f"useinbandfec=1;usedtx={int(audio.dtx)};maxaveragebitrate={round(audio.max_kbps * 1000)}"
        f";maxplaybackrate={played_hz}"
    )
    section = [" ".join([*section[0].split()[:3], *opus, *red]), *section[1:]]  # what comes first is sent
    others = [line for line in section if not line.startswith(("a=ptime:", "a=maxptime:", f"a=fmtp:{opus[0]} "))]
    place = next(at for at, line in enumerate(others) if line.startswith(f"a=rtpmap:{opus[0]} ")) + 1
    fmtp = f"a=fmtp:{opus[0]} minptime=10;{asked}"
    return [*others[:place], fmtp, *others[place:], f"a=ptime:{audio.packet_ms}", f"a=maxptime:{LONGEST_PACKET_MS}"]
