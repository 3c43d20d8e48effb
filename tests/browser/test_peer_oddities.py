"""Two real ends that are told of hosts and codecs that nobody has, in browsers that lack what newer ones have."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import serve_modules
from tests.browser.test_rung_switches import BY_NAME, LONG_PATH, check_voice, measured
from tests.browser.test_saving_data import OLDER

Record = Callable[[str, object], None]

# What each end gets besides what the other one says; how long it takes until they talk.
MEET = """async () => {
  const hosts = ["203.0.113.9", "fe80::1", "nowhere.example"];
  const candidates = hosts.map((host, at) => `candidate:${at + 1} 1 udp 2122260223 ${host} 9 typ host`);
  const more = [
    "a=rtpmap:119 lyra/16000", "a=fmtp:119 bitrate=3200", "a=rtcp-fb:119 nack", "a=rtpmap:118 evs/16000/1",
    ...candidates.map((candidate) => `a=${candidate}`),
  ];
  const filter = (sdp) => {
    for (const end of [ends.a, ends.b])
      for (const candidate of candidates) end.take({ candidate: { candidate, sdpMid: "0" } });
    return sdp
      .replace(/^c=.*/gm, "c=IN IP4 203.0.113.9")
      .replace(/^(m=audio \\S+ \\S+)(.*)/m, (_, start, formats) => `${start} 119${formats} 118`)
      .replace("a=rtpmap:111 ", `${more.join("\\r\\n")}\\r\\na=rtpmap:111 `);
  };
  const began_ms = performance.now();
  await peers.meet({ rung: "stills", filter });
  return performance.now() - began_ms;
}"""
CODECS = """() => Promise.all(peers.connections.map(async (connection) => {
  const report = await connection.getStats();
  const voice = [...report.values()].find(({ type, kind }) => type === "inbound-rtp" && kind === "audio");
  return report.get(voice.codecId).mimeType;
}))"""
HELD = "[ends.a, ends.b].every(({ connection }) => Object.hasOwn(connection.getReceivers()[0], 'jitterBufferTarget'))"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    context = chromium.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.add_init_script(OLDER)
    opened.add_init_script(path="tests/browser/two_peers.js")
    opened.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    serve_modules(opened)
    opened.mouse.click(10, 10)
    yield opened
    context.close()
    assert not complaints, complaints


def test_among_hosts_and_codecs_that_nobody_has_two_older_browsers_talk(page: Page, record_property: Record) -> None:
    """Over a long path, where a newer one would be told to hold the voice back; within seconds all the same."""
    page.evaluate(LONG_PATH)
    took_ms = page.evaluate(MEET)
    record_property("figure", f"with candidates that lead nowhere: voice both ways after {took_ms:.0f} ms")
    assert took_ms < 5_000
    for told in page.evaluate("peers.connections.map(({ remoteDescription }) => remoteDescription.sdp)"):
        assert all(part in told for part in ("lyra/16000", "203.0.113.9", "fe80::1", "nowhere.example")), told
        assert re.search("a=fmtp:111 .*maxaveragebitrate=12000", told), "asked for as if there were no other"
    page.evaluate("[ends.a, ends.b].forEach((end) => end.watch(() => {}))")
    page.wait_for_function(HELD, timeout=8_000)
    for got in measured(page).values():
        check_voice(got["audio"], BY_NAME["stills"])
    assert page.evaluate(CODECS) == ["audio/opus", "audio/opus"]
