"""Every step of the ladder in a running connection: what comes out at the other end, measured there."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.factory import static_folder
from tests.browser.modules import serve_modules

TWICE_MS = 120  # a packet where each goes twice, beside no picture
RUNGS: list[dict[str, Any]] = json.loads((static_folder() / "call/ladder.json").read_text())["rungs"]
BY_NAME = {rung["name"]: rung for rung in RUNGS}
NAMES = list(BY_NAME)
STEPS = [*NAMES, *NAMES[-2::-1]]
LEAPS = ["thin_voice", "clips", "micro_video", "thin_voice"]  # a voice, nothing, a picture, which takes a while to grow
MOST_CHARACTERS = 2_600  # of a description; as a browser writes it, it has more than twice as many
SETTLES_MS, WINDOW_MS = 400, 2000
MOST_WINDOWS = 5
WITH_EXTENSIONS, WITHOUT = 24, 21  # bytes of an RTP header; 12 always, and at first 8 more say which section it is
ESTIMATES = "(has) => peers.until(async () => ((await ends.a.look()).look.available_kbps !== null) === has)"
OFFERS_AND_ANSWERS = "ends.signals.map(({ from, type }) => from + ' ' + type)"

Record = Callable[[str, object], None]


@pytest.fixture
def complaints() -> list[str]:
    """What the console said; it must be nothing at the end."""
    return []


@pytest.fixture
def page(chromium: Browser, complaints: list[str]) -> Iterator[Page]:
    context = chromium.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.add_init_script(path="tests/browser/two_peers.js")
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    serve_modules(opened)
    opened.mouse.click(10, 10)  # sounds may be made from now on
    yield opened
    context.close()
    assert not complaints, complaints


def meet(page: Page, **options: Any) -> None:
    page.evaluate("(options) => peers.meet(options)", options)


def turn(page: Page, name: str, *, is_lossy: bool = False) -> None:
    page.evaluate("([name, isLossy]) => peers.turn(name, { isLossy })", [name, is_lossy])


def measured(page: Page, window_ms: int = WINDOW_MS) -> dict[str, Any]:
    """What arrived at each end."""
    page.wait_for_timeout(SETTLES_MS)
    found: dict[str, Any] = page.evaluate(
        """async (ms) => {
          const [a, b] = await Promise.all([peers.measure("a", ms), peers.measure("b", ms)]);
          return { a, b };
        }""",
        window_ms,
    )
    return found


def grown(page: Page, at_a: dict[str, Any], at_b: dict[str, Any]) -> dict[str, Any]:
    """Where feedback has just come back the browser's estimate grows from little, and the picture with it.

    What arrives at each end is by the rung that the other one sends by.
    """
    for _ in range(MOST_WINDOWS):
        found = measured(page)
        if all(is_grown(found[end], rung) for end, rung in (("a", at_a), ("b", at_b))):
            break
    return found


def is_grown(got: dict[str, Any], rung: dict[str, Any]) -> bool:
    return not rung["video"] or got["video"]["fps"] > 0.4 * rung["video"]["max_fps"]


def is_paced(got: dict[str, Any], packet_ms: int) -> bool:
    """A busy machine misses a beat; never so many that 60 ms could be 20 or 120."""
    share: float = got["pps"] * packet_ms / 1000
    return 0.65 < share < 1.2


def check_voice(got: dict[str, Any], rung: dict[str, Any], *, doubled: bool = False) -> None:
    audio = rung["audio"]
    if audio is None:
        assert got["pps"] < 0.6, got
        return
    packet_ms = TWICE_MS if doubled else audio["packet_ms"]
    assert is_paced(got, packet_ms), (rung["name"], got)
    times = 2 if doubled else 1
    most = audio["max_kbps"] * packet_ms  # bits in a packet
    assert 0.4 * times < 1000 * got["kbps"] / got["pps"] / most < 1.2 * times, (rung["name"], got)
    assert got["header"] > WITH_EXTENSIONS if audio["feedback"] else got["header"] < WITHOUT, (rung["name"], got)


def check_picture(got: dict[str, Any], rung: dict[str, Any]) -> None:
    video = rung["video"]
    if video is None:
        assert got["pps"] < 0.6, (rung["name"], got)
        return
    assert 0.4 * video["max_fps"] < got["fps"] < video["max_fps"] * 1.4 + 1, (rung["name"], got)
    assert got["kbps"] < video["max_kbps"] * 1.9, (rung["name"], got)
    if video["scale_down_by"] > 1:
        assert got["wide"] <= 640 / video["scale_down_by"], (rung["name"], got)


def line(name: str, end: str, got: dict[str, Any]) -> str:
    voice, face = got["audio"], got["video"]
    heard = f"voice {voice['pps']:.1f} packets/s, {voice['kbps']:.1f} kbps, headers of {voice['header']:.0f} B"
    seen = f"picture {face['fps']:.1f}/s, {face['kbps']:.0f} kbps, {face['wide']} px"
    return f"{name}, at {end}: {heard}; {seen}; wire {got['wire_kbps']:.1f} kbps"


# What the browser says of the path, as if it were so long.
LONG_PATH = """() => {
  const real = RTCPeerConnection.prototype.getStats;
  const counts = { "candidate-pair": "responsesReceived", "remote-inbound-rtp": "roundTripTimeMeasurements" };
  RTCPeerConnection.prototype.getStats = async function () {
    const far = (part) => (counts[part.type] ? { totalRoundTripTime: (part[counts[part.type]] ?? 0) * 0.6 } : {});
    return new Map([...(await real.call(this))].map(([id, part]) => [id, { ...part, ...far(part) }]));
  };
}"""


def test_a_voice_over_a_long_path_is_held_back_by_its_rung(page: Page) -> None:
    page.evaluate(LONG_PATH)
    meet(page, rung="stills")
    page.evaluate("[ends.a, ends.b].forEach((end) => end.watch(() => {}))")
    held = "[ends.a, ends.b].map(({ connection }) => connection.getReceivers()[0].jitterBufferTarget)"
    for rung, is_lossy, wanted_ms in (("stills", False, 120), ("voice", True, 384), ("video", False, None)):
        turn(page, rung, is_lossy=is_lossy)
        page.wait_for_function(f"wanted => {held}.every((ms) => ms === wanted)", arg=wanted_ms, timeout=8_000)


def test_a_voice_that_is_played_later_is_felt(page: Page) -> None:
    meet(page, rung="video")
    page.evaluate("ends.a.watch(() => {})")
    late = "async () => (await ends.a.look()).look.late_ms"
    page.wait_for_timeout(4_000)
    assert page.evaluate(late) < 150
    page.evaluate("ends.a.connection.getReceivers()[0].jitterBufferTarget = 1500")
    page.evaluate(f"peers.until(async () => (await ({late})()) > 250)")


@pytest.mark.parametrize("way", [LEAPS, pytest.param(STEPS, marks=pytest.mark.long)], ids=["leaps", "steps"])
def test_down_and_up_the_ladder(page: Page, way: list[str], record_property: Record) -> None:
    """By leaps, or by every neighbouring pair; both ends at once. Nobody is told of it, no answer is waited for."""
    meet(page, rung=way[0])
    for name in way:
        turn(page, name)
        for end, got in grown(page, BY_NAME[name], BY_NAME[name]).items():
            record_property("figure", line(name, end, got))
            check_voice(got["audio"], BY_NAME[name])
            check_picture(got["video"], BY_NAME[name])
    assert page.evaluate(OFFERS_AND_ANSWERS) == ["a offer", "b answer"]
    told = page.evaluate("ends.signals.map(({ sdp }) => sdp.length)")
    record_property("figure", f"characters of an offer and its answer: {told}")
    assert max(told) < MOST_CHARACTERS


def test_redundancy_comes_where_it_is_lossy_and_silence_is_not_sent(page: Page, record_property: Record) -> None:
    meet(page, rung="voice")
    turn(page, "voice", is_lossy=True)
    for end, got in measured(page).items():
        record_property("figure", line("voice, lossy", end, got))
        check_voice(got["audio"], BY_NAME["voice"], doubled=True)
    turn(page, "voice")
    for got in measured(page).values():
        check_voice(got["audio"], BY_NAME["voice"])
    page.evaluate("peers.speak(0)")
    page.wait_for_timeout(1000)
    for end, got in measured(page).items():
        record_property("figure", line("voice, nobody speaks", end, got))
        assert got["audio"]["pps"] < 5


def test_each_end_sends_by_its_own_rung_through_restarts_and_collisions(page: Page) -> None:
    """The path is found anew by either end, by both at once, and while the rung is changed; what is sent stays."""
    meet(page, rung="thin_voice", delay_ms=50)
    page.evaluate("Promise.all([ends.a.setRung(peers.rung('thin_video')), ends.b.setRung(peers.rung('voice'))])")

    def check(sent_by_a: str, sent_by_b: str) -> None:
        got = grown(page, at_a=BY_NAME[sent_by_b], at_b=BY_NAME[sent_by_a])
        check_voice(got["b"]["audio"], BY_NAME[sent_by_a])
        check_picture(got["b"]["video"], BY_NAME[sent_by_a])
        check_voice(got["a"]["audio"], BY_NAME[sent_by_b])
        check_picture(got["a"]["video"], BY_NAME[sent_by_b])
        assert page.evaluate("[ends.a.state, ends.b.state]") == ["connected", "connected"]

    check("thin_video", "voice")
    for end in ("a", "b"):
        page.evaluate("(end) => peers.restart(end)", end)
        page.wait_for_timeout(800)
        check("thin_video", "voice")
    page.evaluate(
        """() => {
          for (const end of ["b", "a"]) peers.restart(end);
          ends.a.setRung(peers.rung("video"));
          ends.b.setRung(peers.rung("thin_voice"));
          ends.a.setRung(peers.rung("voice"));
        }"""
    )
    page.wait_for_timeout(1500)
    check("voice", "thin_voice")
    turn(page, "thin_video")
    check("thin_video", "thin_video")


# At these ends limits are refused and header extensions can't be asked back; redundancy is in the list of not both.
LACKING = """(names) => {
  const isAt = (one, parts) => [...names].some((name) => ends[name]?.connection[parts]().includes(one));
  const { setParameters } = RTCRtpSender.prototype;
  RTCRtpSender.prototype.setParameters = function (...more) {
    if (!isAt(this, "getSenders")) return setParameters.apply(this, more);
    return Promise.reject(new DOMException("not here", "OperationError"));
  };
  const { setHeaderExtensionsToNegotiate: ask } = RTCRtpTransceiver.prototype;
  Object.defineProperty(RTCRtpTransceiver.prototype, "setHeaderExtensionsToNegotiate", {
    get() {
      return isAt(this, "getTransceivers") ? undefined : ask;
    },
  });
  const noRed = (sdp) => sdp.replace(/a=(rtpmap|fmtp):63 .*\\r\\n/g, "").replace(" 111 63", " 111");
  return peers.meet({ rung: "voice", filter: noRed });
}"""


@pytest.mark.parametrize("lacking", ["ab", "b", pytest.param("a", marks=pytest.mark.long)])
def test_what_a_browser_can_not_do_costs_no_voice(page: Page, complaints: list[str], lacking: str) -> None:
    """Neither where the other one can't either nor where it can: each sends as well as it can itself."""
    page.evaluate(LACKING, lacking)
    turn(page, "voice", is_lossy=True)
    for got in measured(page).values():
        check_voice(got["audio"], BY_NAME["voice"])
        check_picture(got["video"], BY_NAME["voice"])
    turn(page, "thin_video")
    for end, got in grown(page, BY_NAME["thin_video"], BY_NAME["thin_video"]).items():
        assert is_paced(got["audio"], 60)
        assert got["video"]["fps"] > 1
        if end in lacking and len(lacking) == 1:
            check_voice(got["audio"], BY_NAME["thin_video"])
            check_picture(got["video"], BY_NAME["thin_video"])
    assert {said.partition(":")[0] for said in complaints} == {"not limited"}
    complaints.clear()


def test_hostile_descriptions_are_left_out_and_the_call_goes_on(page: Page, complaints: list[str]) -> None:
    meet(page, rung="voice")
    page.evaluate(
        """() => {
          const offer = ends.signals[0].sdp;
          const bad = ["", "x".repeat(1e6), offer + "a=x:" + "y".repeat(15000), offer.replaceAll("m=audio", "m=text")];
          for (const sdp of [...bad, undefined]) for (const type of ["offer", "answer"]) {
            ends.b.take({ description: { type, sdp } });
            ends.a.take({ description: { type, sdp } });
          }
          ends.b.take({ candidate: { candidate: "candidate:nonsense", sdpMid: "9" } });
        }"""
    )
    turn(page, "thin_voice")
    for got in measured(page).values():
        check_voice(got["audio"], BY_NAME["thin_voice"])
    assert {said.partition(":")[0] for said in complaints} == {"left out in the connection"}
    assert len(complaints) == 11, "each offer; no answer was awaited"
    complaints.clear()


def test_a_connection_is_made_without_what_makes_it_lean(page: Page, complaints: list[str]) -> None:
    """The voice comes at once; the picture waits for what limits it."""
    page.route("**/call/tuning.js", lambda route: route.abort())
    meet(page, rung="video")
    for got in measured(page).values():
        assert is_paced(got["audio"], 20)
        assert got["video"]["pps"] == 0
    looked = page.evaluate("ends.a.look()")
    assert looked["figures"]["received_audio_bytes"] > 0
    assert looked["look"] is None
    complaints.clear()


def test_a_smaller_picture_waits_until_what_the_larger_one_left_is_gone(page: Page) -> None:
    thin, micro = BY_NAME["thin_video"], BY_NAME["micro_video"]
    meet(page, rung="thin_video")
    check_picture(grown(page, thin, thin)["b"]["video"], thin)
    turn(page, "micro_video")
    waiting = measured(page, 500)
    for end in ("a", "b"):
        assert waiting[end]["video"]["fps"] == 0, waiting
        check_voice(waiting[end]["audio"], micro)
    check_picture(grown(page, micro, micro)["b"]["video"], micro)


def test_beside_a_voice_alone_there_is_no_estimate_to_go_by(page: Page) -> None:
    """It stays at what the voice takes: who has no camera would never be sent a larger picture."""
    meet(page, rung="micro_video")
    page.evaluate(ESTIMATES, True)
    page.evaluate("ends.a.setTracks({ ...ends.tracks, video: null })")
    page.evaluate(ESTIMATES, False)
    page.evaluate("ends.a.setTracks(ends.tracks)")
    page.evaluate(ESTIMATES, True)
