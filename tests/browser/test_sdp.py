"""Session descriptions written anew: what a real browser offers, what is hostile, and whatever else may come."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from app.media.opus_packets import WIDE_BAND_KBPS
from tests.browser.modules import serve_modules

Tuning = dict[str, Any]
THIN: Tuning = {"packet_ms": 120, "max_kbps": 8, "dtx": True, "redundancy": None, "feedback": False}
TWICE = {"packet_ms": 120, "max_kbps": 22}
RICH: Tuning = {"packet_ms": 60, "max_kbps": 24, "dtx": True, "redundancy": TWICE, "feedback": True}

OFFER = """async (parts) => {
  const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  for (const kind of parts.filter((part) => part !== "data")) pc.addTransceiver(kind);
  if (parts.includes("data")) pc.createDataChannel("stills", { negotiated: true, id: 0 });
  const { sdp } = await pc.createOffer();
  pc.close();
  return sdp;
}"""
# What is done with it, whether a real connection takes it before and after, and whether twice is once.
TRY = """async ([sdp, tuning]) => {
  const { tuned, slim, SdpError } = await import("/call/sdp.js");
  const doings = { tuned: (one) => tuned(one, tuning), slim };
  const isTaken = async (one) => {
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    try {
      await pc.setRemoteDescription({ type: "offer", sdp: one });
      await pc.setLocalDescription();
      return true;
    } catch {
      return false;
    } finally {
      pc.close();
    }
  };
  const before = await isTaken(sdp);
  const told = {};
  for (const [name, run] of Object.entries(doings)) {
    try {
      const made = run(sdp);
      told[name] = { made, again: run(made) === made, isTaken: !before || made === sdp || (await isTaken(made)) };
    } catch (error) {
      if (!(error instanceof SdpError)) throw error;
      told[name] = null;
    }
  }
  return told;
}"""
MAY_GO = {
    "tuned": r"m=audio |a=fmtp:|a=ptime:|a=maxptime:|a=rtcp-fb:\S+ transport-cc$|a=extmap:",
    "slim": r"m=|a=(rtpmap|fmtp|rtcp-fb|extmap|ssrc|rtcp|rtcp-xr|msid-semantic):|a=extmap-allow-mixed$",
}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def offers(page: Page) -> list[str]:
    parts: list[list[str]] = [["audio", "video", "data"], ["audio"], ["video", "audio"], ["video"], ["data"]]
    return [page.evaluate(OFFER, these) for these in parts]


def written(page: Page, sdp: str, tuning: Tuning) -> Any:
    return page.evaluate(TRY, [sdp, tuning])


def section(sdp: str, kind: str) -> list[str]:
    (found,) = [part for part in re.split(r"(?m)^(?=m=)", sdp) if part.startswith(f"m={kind} ")]
    return found.splitlines()


def test_the_voice_is_asked_for_as_the_rung_says(page: Page, offers: list[str]) -> None:
    for tuning, packets, first, played_hz in ((THIN, THIN, "111 63", 16_000), (RICH, TWICE, "63 111", 48_000)):
        made = written(page, offers[0], tuning)["tuned"]
        voice = section(made["made"], "audio")
        assert voice[0].split(" ", 3)[3].startswith(first)
        asked = f"usedtx=1;maxaveragebitrate={packets['max_kbps']}000;maxplaybackrate={played_hz}"
        assert f"a=fmtp:111 minptime=10;useinbandfec=1;{asked}" in voice
        assert f"a=ptime:{packets['packet_ms']}" in voice
        assert made["again"]
        assert made["isTaken"]
        costs = re.findall(r"transport-cc|transport-wide-cc|abs-send-time|ssrc-audio-level", made["made"])
        assert bool(costs) is tuning["feedback"]
    back = written(page, made["made"], RICH | {"redundancy": None, "dtx": False, "max_kbps": 24})["tuned"]["made"]
    assert section(back, "audio")[0].split(" ")[3:5] == ["111", "63"]
    assert "usedtx=0;maxaveragebitrate=24000;maxplaybackrate=48000" in back


@pytest.mark.parametrize("more_kbps", [0, 1])
def test_up_to_the_media_programs_own_bound_a_voice_is_wide_band(page: Page, offers: list[str], more_kbps: int) -> None:
    made = written(page, offers[1], THIN | {"max_kbps": WIDE_BAND_KBPS + more_kbps})["tuned"]["made"]
    assert f"maxplaybackrate={48_000 if more_kbps else 16_000}" in made


def test_what_is_sent_is_slim(page: Page, offers: list[str]) -> None:
    sizes = {}
    for name, offer in (("voice, picture, stills", offers[0]), ("voice", offers[1])):
        made = written(page, offer, THIN)["slim"]
        sizes[name] = len(made["made"])
        assert made["isTaken"], name
        codecs = set(re.findall(r"(?m)^a=rtpmap:\d+ ([^/]+)", made["made"]))
        assert codecs <= {"opus", "red", "VP8", "H264", "rtx"}
        assert made["made"].count("a=fingerprint:") == made["made"].count("a=ice-pwd:") == 1
    print(sizes, len(offers[0]))
    assert sizes["voice, picture, stills"] < 2_100
    assert sizes["voice"] < 1_000


def test_what_is_no_description_is_refused(page: Page, offers: list[str]) -> None:
    voice = offers[1]
    bad = [
        "",
        "hello",
        voice * 300,
        "x" * 1_000_000,
        offers[3],
        offers[4],
        voice.replace("v=0", "v=1"),
        voice + "b\r\n",
    ]
    for sdp in bad:
        assert written(page, sdp, THIN) == {"tuned": None, "slim": None}


def test_what_is_not_known_stays(page: Page, offers: list[str]) -> None:
    strange = re.sub(r"(?m)^a=rtpmap:111 opus/48000/2", "a=rtpmap:111 lyra/48000/2", offers[0])
    made = written(page, strange, THIN)["tuned"]["made"]
    assert section(made, "audio")[0] == section(strange, "audio")[0]
    assert "a=ptime" not in made
    kept = written(page, strange, THIN)["slim"]["made"]
    assert section(kept, "audio")[0] == section(strange, "audio")[0], "not one codec less than nothing"
    foreign = "a=candidate:1 1 udp 2122260223 203.0.113.9 9 typ host\r\na=candidate:2 1 udp 1 fe80::1 9 typ host\r\n"
    made = written(page, offers[1] + foreign, THIN)
    assert made["tuned"]["made"].endswith(f"{foreign}a=ptime:120\r\n")
    assert foreign in made["slim"]["made"]
    lacks = re.sub(r"(?m)^a=fmtp:111 .*\r\n", "", offers[1])
    assert (
        "a=fmtp:111 usedtx=1;maxaveragebitrate=8000;maxplaybackrate=16000"
        in written(page, lacks, THIN)["tuned"]["made"]
    )
    without_red = re.sub(r"(?m)^a=(rtpmap|fmtp):63 .*\r\n", "", offers[1]).replace("111 63 ", "111 ")
    plain = section(written(page, without_red, RICH)["tuned"]["made"], "audio")
    assert plain[0].split(" ")[3] == "111"
    assert "a=ptime:60" in plain


STRANGE = """a=ptime:20
a=maxptime:40
a=fmtp:111 toString=1;usedtx=0;;x
a=fmtp:63 111/111/111
a=rtpmap:111 opus/48000/2
a=rtpmap:8 opus/48000/2
a=rtpmap:63 red/48000
a=rtpmap:4294967296 opus/48000
a=rtcp-fb:* transport-cc
a=extmap:9 urn:x:ssrc-audio-level
m=constructor 9 UDP/TLS/RTP/SAVPF 0
m=audio 0 UDP/TLS/RTP/SAVPF
m=audio
m=
a=mid:0
a=inactive
a=setup:passive
a=ice-ufrag:aaaa
a=ssrc:1 msid:a b
a=group:BUNDLE 0
c=IN IP4 203.0.113.9
b=AS:30
a="""


@st.composite
def mutations(draw: st.DrawFn) -> tuple[int, list[tuple[str, float, Any]]]:
    """Which offer, and what is done to its lines; places as shares of what there is."""
    where = st.floats(0, 0.999)
    what = st.one_of(
        st.tuples(st.sampled_from(["drop", "twice", "shuffle"]), where, st.just(None)),
        st.tuples(st.just("add"), where, st.sampled_from(STRANGE.split("\n")) | st.text(max_size=30)),
        st.tuples(st.just("swap"), where, where),
        st.tuples(st.just("number"), where, st.integers(-1, 2**33)),
    )
    return draw(st.integers(0, 2)), draw(st.lists(what, max_size=6))


def mutated(offer: str, changes: list[tuple[str, float, Any]]) -> str:
    lines = offer.splitlines()
    for what, share, more in changes:
        place = int(share * len(lines))
        if what == "drop":
            del lines[place]
        elif what == "twice":
            lines.insert(place, lines[place])
        elif what == "shuffle":
            lines[place:] = random.Random(place).sample(lines[place:], len(lines) - place)
        elif what == "add":
            lines.insert(place, more)
        elif what == "swap":
            other = int(more * len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        else:
            lines[place] = re.sub(r"\d+", str(more), lines[place], count=1)
    return "\r\n".join([*lines, ""])


TUNINGS = st.fixed_dictionaries(
    {
        "packet_ms": st.sampled_from([20, 60, 120]), "max_kbps": st.integers(6, 40), "dtx": st.booleans(),
        "redundancy": st.none() | st.just(TWICE), "feedback": st.booleans(),
    }
)  # fmt: skip


@settings(
    max_examples=200, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(mutation=mutations(), tuning=TUNINGS)
def test_whatever_comes_is_refused_or_no_worse(
    page: Page, offers: list[str], mutation: tuple[int, list[tuple[str, float, Any]]], tuning: Tuning
) -> None:
    """What a browser takes it takes afterwards too; twice is once; nothing else goes than what was to go."""
    which, changes = mutation
    sdp = mutated(offers[which], changes)
    for name, made in written(page, sdp, tuning).items():
        if made is None:
            continue
        assert made["again"], (name, sdp)
        assert made["isTaken"], (name, sdp)
        gone = Counter(re.split(r"\r\n|\n", sdp)) - Counter(made["made"].split("\r\n"))
        hoisted = set(made["made"].partition("m=")[0].split("\r\n")) if name == "slim" else set()
        left = [line for line in gone if line and line not in hoisted and not re.match(MAY_GO[name], line)]
        assert not left, (name, json.dumps(left), sdp)
