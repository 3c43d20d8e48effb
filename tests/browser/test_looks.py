"""What a connection's statistics are made into, also where they are missing or lie; how a silence is met."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import serve_modules

Part = dict[str, Any]

LOOK = """async ([reports, known]) => {
  const { Looks } = await import("/call/looks.js");
  const looks = new Looks();
  return reports.map((parts, second) => {
    const worth = (value) => ({ NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity })[value] ?? value;
    const read = (part) => Object.fromEntries(Object.entries(part).map(([name, value]) => [name, worth(value)]));
    return looks.take(new Map(parts.map((part) => [part.id, read(part)])), second * 1000, known);
  });
}"""
# A packet every 60 ms but in the silences, [from, until]; in the stretches of `mute` none is due. When the server
# was asked, and when another path.
PULSE = """async ([silences, isLossy, rtt_ms = null, mute = []]) => {
  const { Pulse } = await import("/call/looks.js");
  const [real, realNow] = [window.setInterval, performance.now];
  let now = 1000;
  let feel;
  window.setInterval = (run) => ((feel = run), 0);
  performance.now = () => now;
  const isIn = (stretches, at) => stretches.some(([from, until]) => at > from && at < until);
  let newest = 1000;
  const track = { kind: "audio" };
  const voice = () => ({ timestamp: newest, rtpTimestamp: newest * 48 });
  const getReceivers = () => [{ track, getSynchronizationSources: () => [voice()] }];
  const [doubted, sought, voiced, heard] = [[], [], [], []];
  const pulse = new Pulse(() => ({ isLossy, rtt_ms, isMute: isIn(mute, now - 1000) }));
  const seek = () => pulse.answer() && sought.push(now - 1000);
  const hear = (what) => what === heard.at(-1)?.[0] || heard.push([what, now - 1000]);
  const ways = { ondoubt: () => doubted.push(now - 1000), onvoice: () => voiced.push(now - 1000), hear, seek };
  pulse.feel({ pc: { connectionState: "connected", getReceivers }, ...ways });
  window.setInterval = real;
  for (; now < 21_000; now += 20) {
    if (now % 60 === 0 && !isIn(silences, now - 1000)) newest = now;
    if (now % 100 === 0) feel();
  }
  performance.now = realNow;
  return { doubted, sought, voiced, heard };
}"""
# A voice in packets of 60 ms, stretch by stretch: how late it is said to be after each.
LATE = """async ([stretches, began]) => {
  const { Pulse } = await import("/call/looks.js");
  const pulse = new Pulse(() => ({ isLossy: false, rtt_ms: null }));
  let [at, said] = [0, began];
  return stretches.map(({ packets, later_ms = 0, leap_ms = 0 }) => {
    at += leap_ms;
    for (let number = 0; number < packets; number++) {
      at += 60 + later_ms;
      said = (said + 60 * 48) % 2 ** 32;
      const voice = { timestamp: at, ...(began === null ? {} : { rtpTimestamp: said }) };
      pulse.silence_ms([{ track: { kind: "audio" }, getSynchronizationSources: () => [voice] }], at);
    }
    return Math.round(pulse.late_ms);
  });
}"""
NEAR: Part = {"id": "N", "type": "local-candidate", "candidateType": "host", "protocol": "udp", "address": "192.0.2.1"}


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page()
    serve_modules(opened)
    yield opened
    opened.close()


def look(page: Page, *reports: list[Part], has_estimate: bool = True, drain_kbps: float | None = None) -> Any:
    return page.evaluate(LOOK, [list(reports), {"hasEstimate": has_estimate, "drain_kbps": drain_kbps}])


def pair(sent: int, received: int, packets: int, pair_id: str = "P", **more: Any) -> Part:
    return {
        "id": pair_id, "type": "candidate-pair", "nominated": True, "state": "succeeded", "localCandidateId": "N",
        "bytesSent": sent, "bytesReceived": received, "packetsSent": packets, "packetsReceived": packets, **more,
    }  # fmt: skip


def heard(packets: int, lost: int, **more: Any) -> Part:
    return {
        "id": "I", "type": "inbound-rtp", "kind": "audio", "bytesReceived": packets * 100,
        "packetsReceived": packets, "packetsLost": lost, **more,
    }  # fmt: skip


def reported(fraction: float, at: float, total: float, count: int) -> Part:
    return {
        "id": "R", "type": "remote-inbound-rtp", "kind": "audio", "fractionLost": fraction, "timestamp": at,
        "totalRoundTripTime": total, "roundTripTimeMeasurements": count,
    }  # fmt: skip


def test_what_the_link_did_since_the_last_look(page: Page) -> None:
    first, second, third = look(
        page,
        [NEAR, pair(1000, 2000, 10), heard(10, 0), reported(0.0, 5, 0.3, 1)],
        [
            NEAR, pair(3000, 4000, 30, availableOutgoingBitrate=64_000, totalRoundTripTime=0.5, responsesReceived=1),
            heard(19, 1, jitter=0.03, totalSamplesReceived=48_000, concealedSamples=4800, silentConcealedSamples=2400),
            reported(0.25, 9, 0.3, 1),
        ],
        [NEAR, pair(3000, 4000, 30), heard(19, 1), reported(0.25, 9, 0.3, 1)],
        drain_kbps=31,
    )  # fmt: skip
    assert first["look"]["rtt_ms"] == 300
    assert first["look"]["heard"]
    assert first["look"]["sent_kbps"] is None
    assert first["bytes"] == {"sent": 1000 + 280, "received": 2000 + 280}
    assert second["look"] == {
        "at_ms": 1000, "heard": True, "rtt_ms": 500, "loss_in": 0.1, "loss_out": 0.25, "jitter_ms": 30,
        "concealed": 0.05, "available_kbps": 64, "drain_kbps": 31, "late_ms": None, "sent_kbps": pytest.approx(20.48),
        "received_kbps": pytest.approx(20.48 + 88 * 8 / 1000),
    }  # fmt: skip
    assert (second["figures"]["loss_permille"], second["figures"]["sent_kbps"]) == (100, 20)
    assert not third["look"]["heard"]
    assert third["look"]["loss_out"] is None, "no new report"
    assert third["look"]["rtt_ms"] == 500, "the last that was measured"
    (only,) = look(page, [NEAR, pair(1, 1, 1, availableOutgoingBitrate=300_000)], has_estimate=False)
    assert only["look"]["available_kbps"] is None


def test_a_path_that_stands_again_tells_no_round_trip_of_before(page: Page) -> None:
    """As after a check that was lost: all that it measured on a link that was thin would be taken for now."""
    life: Part = {"totalRoundTripTime": 20, "responsesReceived": 10}
    again: Part = {"totalRoundTripTime": 20.15, "responsesReceived": 11}
    told = look(
        page,
        [NEAR, pair(1, 1, 1, **life)],
        [NEAR, pair(1, 1, 1, **life | {"state": "in-progress"})],
        [NEAR, pair(2, 2, 2, **again)],
        [NEAR],
        [NEAR, pair(2, 2, 2, **again)],
    )
    assert [each["look"]["rtt_ms"] for each in told] == [
        2_000,
        2_000,
        pytest.approx(150),
        pytest.approx(150),
        pytest.approx(150),
    ]


def test_every_byte_stays_counted_when_the_path_changes(page: Page) -> None:
    relay = NEAR | {"id": "M", "candidateType": "relay", "relayProtocol": "tls", "address": "2001:db8::1"}
    told = look(
        page,
        [NEAR, pair(1000, 1000, 10, requestsSent=2, consentRequestsSent=1, responsesReceived=2)],
        [NEAR, relay, pair(1000, 1000, 10), pair(500, 500, 5, "Q", localCandidateId="M")],
        [relay, pair(700, 700, 7, "Q", localCandidateId="M")],
    )
    around = 40 + 63 + 4
    sent = [1000 + 280 + 2 * 118, 500 + 5 * around, 200 + 2 * around]
    assert [one["bytes"]["sent"] for one in told] == [sent[0], sent[0] + sent[1], sum(sent)]
    assert told[2]["bytes"]["received"] == 1000 + 280 + 2 * 88 + 700 + 7 * around


@pytest.mark.parametrize("lie", ["NaN", "Infinity", "-Infinity", -5, "many", None, 1e300])
def test_lies_come_to_nothing_worse_than_unknown(page: Page, lie: Any) -> None:
    names = (
        "bytesSent", "bytesReceived", "packetsSent", "packetsReceived", "availableOutgoingBitrate", "requestsSent",
        "totalRoundTripTime", "responsesReceived", "packetsLost", "jitter", "totalSamplesReceived", "concealedSamples",
        "silentConcealedSamples", "fractionLost", "timestamp", "roundTripTimeMeasurements", "framesDecoded",
    )  # fmt: skip
    lying = [part | dict.fromkeys(names, lie) for part in (pair(1, 1, 1), heard(1, 1), reported(0, 1, 1, 1))]
    honest = [NEAR, pair(9000, 9000, 90), heard(90, 9), reported(0.5, 1, 1, 1)]
    for told in look(page, [NEAR, *lying], honest, [NEAR, *lying], [], honest):
        numbers = [*told["look"].values(), *told["figures"].values(), *told["bytes"].values()]
        assert all(one is None or (math.isfinite(one) and one >= 0) for one in numbers), told
        shares = [told["look"][name] for name in ("loss_in", "loss_out", "concealed")]
        assert all(one is None or one <= 1 for one in shares), told


@pytest.mark.parametrize(
    ("silences", "is_lossy", "asked_ms"),
    [
        pytest.param([[12_000, 21_000]], False, 12_700, id="where little is lost, soon"),
        pytest.param([[12_000, 21_000]], True, 12_900, id="on a lossy link, later"),
        pytest.param([[3_000, 21_000]], False, 3_900, id="while the call begins, later"),
        pytest.param([[9_000, 9_840], [12_000, 21_000]], False, 13_100, id="later than a silence that ended by itself"),
    ],
)
def test_a_silence_is_doubted_and_then_answered_by_another_path(
    page: Page, silences: list[list[int]], is_lossy: bool, asked_ms: int
) -> None:
    told = page.evaluate(PULSE, [silences, is_lossy])
    (doubted,), (sought,) = told["doubted"][-1:], told["sought"]
    assert asked_ms - 60 <= doubted <= asked_ms + 100
    began = silences[-1][0]
    assert began + 1_740 <= sought <= began + 1_900


def test_on_a_long_link_a_silence_is_doubted_after_some_round_trips(page: Page) -> None:
    told = page.evaluate(PULSE, [[[12_000, 21_000]], False, 600])
    (doubted,), (sought,) = told["doubted"][-1:], told["sought"]
    assert 13_440 <= doubted <= 13_600
    assert 14_340 <= sought <= 14_500


def test_a_voice_is_felt_on_a_long_link_alone_and_not_in_its_pauses(page: Page) -> None:
    """Silence is told of every 400 ms."""
    pause = [[at, at + 400] for at in range(5_000, 9_000, 400)]
    told = page.evaluate(PULSE, [pause, False, 600])
    voiced = told["voiced"]
    assert len([at for at in voiced if at < 5_000]) > 30
    assert not [at for at in voiced if 5_500 < at < 9_000]
    assert [at for at in voiced if at > 9_500]
    (voice, silence, again) = told["heard"][-3:]
    assert (voice[0], silence[0], again[0]) == ("voice", "silence", "voice")
    assert 5_300 <= silence[1] <= 5_500
    assert 9_000 < again[1] <= 9_200
    near = page.evaluate(PULSE, [pause, False, 200])
    assert (near["voiced"], near["heard"]) == ([], []), "on no other one it matters"


def test_where_no_voice_is_due_its_silence_is_none_and_afterwards_it_has_its_time(page: Page) -> None:
    told = page.evaluate(PULSE, [[[9_000, 16_500]], False, None, [[9_100, 15_100]]])
    assert (told["doubted"], told["sought"]) == ([], [])
    told = page.evaluate(PULSE, [[[9_000, 21_000]], False, 600, [[9_100, 15_100]]])
    (doubted,), (sought,) = told["doubted"], told["sought"]
    assert 17_500 <= doubted <= 17_700
    assert 18_400 <= sought <= 18_600
    assert not [at for at in told["voiced"] if at > 9_500], "nobody speaks"


def test_each_silence_is_met_anew(page: Page) -> None:
    told = page.evaluate(PULSE, [[[9_000, 14_000], [16_000, 21_000]], False])
    assert [len(told["doubted"]), len(told["sought"])] == [2, 2]
    assert page.evaluate(PULSE, [[[9_000, 9_600], [11_000, 11_480], [13_000, 13_480]], False]) == {
        "doubted": [], "sought": [], "voiced": [], "heard": [],
    }, "the quiet between words is none"  # fmt: skip


@pytest.mark.parametrize("began", [0, 2**32 - 48 * 60 * 110], ids=["from nothing", "where its clock starts anew"])
def test_a_voice_that_comes_later_and_later_is_late_and_one_that_is_as_before_is_not(page: Page, began: int) -> None:
    steady, after_minutes, queued, drained, paused, longer, used_to = page.evaluate(
        LATE,
        [
            [
                {"packets": 100}, {"packets": 5000, "later_ms": 0.01}, {"packets": 20, "later_ms": 45},
                {"packets": 20, "later_ms": -45}, {"packets": 10, "leap_ms": 10_000}, {"packets": 1, "leap_ms": 300},
                {"packets": 200},
            ],
            began,
        ],
    )  # fmt: skip
    assert (steady, after_minutes) == (0, 1), "another clock is no queue"
    assert 600 < queued < 900
    assert (drained, paused) == (0, 0), "a microphone that was off is no queue either"
    assert 250 < longer <= 300
    assert used_to < 30, "nor is a path that has become a longer one"


def test_where_a_browser_does_not_say_what_it_plays_nothing_is_late(page: Page) -> None:
    assert page.evaluate(LATE, [[{"packets": 100}, {"packets": 20, "later_ms": 45}], None]) == [0, 0]
