"""The place to leave a message, where its path breaks and comes back, and the microphone that it takes."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.web.texts import texts_of
from tests.browser.modules import serve_modules
from tests.browser.stories import touch, wait_until

PLACE = "[data-act=answering-record]"
# A phone that waits alone, and a machine in the same page: what was said to it, which microphones were given.
# `stage.path` says how the path stands, `stage.pace` how much faster its timers run; `stage.isAway` is the server.
ALONE = """async (texts) => {
  document.documentElement.dataset.assets = "";
  document.body.innerHTML = "<main id=app></main>";
  const stage = { said: [], came: [], given: [], asked: [], lines: [], isAsked: false, pace: 1, energy };
  const [wait, media] = [window.setTimeout, navigator.mediaDevices];
  window.setTimeout = (run, ms) => wait(run, ms / stage.pace);
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    createDataChannel(...named) {
      const channel = super.createDataChannel(...named);
      if (named[0] === "media") stage.lines.push(this);
      channel.addEventListener("message", ({ data }) => stage.came.push(JSON.parse(data).state));
      return channel;
    }
  };
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = async (wish) => {
    if (stage.isAsked) await new Promise((allow) => stage.asked.push(allow));
    const given = await ask(wish);
    stage.given.push(...given.getTracks());
    return given;
  };
  const names = ["/ui/answering.js", "/call/media.js", "/call/peer.js", "/core/texts.js"];
  const [{ Answering }, { OwnMedia }, { Peer }, { setTexts }] = await Promise.all(names.map((name) => import(name)));
  setTexts("en", texts);

  const heard = new Set();
  let [end, channel, print, isTaking] = [null, null, "", false];
  const say = (state, more) => channel?.readyState === "open" && channel.send(JSON.stringify({ state, ...more }));
  const speaks = () => isTaking && say("recording", { seconds: 3 });
  const answer = ({ record, discard }) => {
    const wasTaking = isTaking;
    isTaking = record === true;
    if (record) speaks();
    else if (wasTaking && discard) say("ready", { seconds: 0 });
    else if (wasTaking) [say("recording", { seconds: 3 }), say("kept", { seconds: 3 })];
  };
  setInterval(speaks, 500);
  const connect = () => {
    end?.close();
    isTaking = false;
    const send = (message) => heard.forEach((run) => run({ call: "call", from: "machine.1", ...message }));
    end = new Peer({ iceServers: [], icePolicy: "all", isOfferer: false, send, onstate: () => {} });
    end.connection.ondatachannel = (opened) => {
      channel = opened.channel;
      channel.onopen = () => say("ready");
      channel.onmessage = ({ data }) => (stage.said.push(JSON.parse(data)), answer(JSON.parse(data)));
    };
    stage.ear = Object.assign(new Audio(), { srcObject: end.remote });
    stage.ear.play().catch(() => {}); // is interrupted where another one comes
  };
  async function energy() {
    const parts = [...(await end.connection.getStats()).values()];
    return parts.find(({ type, kind }) => type === "inbound-rtp" && kind === "audio")?.totalAudioEnergy ?? 0;
  }
  const signal = async ({ description, candidate }) => {
    if (stage.isAway) return false;
    const another = /fingerprint:(.*)/.exec(description?.sdp ?? "")?.[1] ?? print;
    if (another !== print) connect();
    print = another;
    end?.take({ description, candidate });
    return true;
  };
  stage.path = (state) => {
    const line = stage.lines.at(-1);
    Object.defineProperty(line, "connectionState", { value: state, configurable: true });
    line.dispatchEvent(new Event("connectionstatechange"));
  };

  const live = { signal, socket: { on: (_name, run) => (heard.add(run), () => heard.delete(run)) } };
  const call = { id: "call", my_side: "parent", child: { id: "child", name: "Chidi", photo: null } };
  const own = new OwnMedia(() => {}, () => null);
  const answering = new Answering({ call, own }, { live, redraw });
  function redraw() {
    document.querySelector("main").replaceChildren(answering.isOpen ? answering.screen() : (answering.offer() ?? ""));
  }
  const hear = () => answering.hear({ seat: "machine.1", state: "seated" }, { ice_servers: [], ice_policy: "all" });
  window.stage = Object.assign(stage, { own, answering, hear });
}"""
LATE = {
    "thrown away": "stage.answering.discard()",
    "the page leaves": "stage.answering.close()",
    "the page has left": """async () => {
      stage.pace = 20;
      stage.answering.close();
      while (stage.lines[0].signalingState !== "closed") await new Promise((done) => setTimeout(done, 20));
    }""",
    "the path breaks": "stage.path('failed')",
}


@pytest.fixture
def alone(chromium: Browser) -> Iterator[Page]:
    """A page that waits alone, and is offered to leave a message."""
    wrong: list[str] = []
    context = chromium.new_context(permissions=["camera", "microphone"])
    opened = context.new_page()
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    serve_modules(opened)
    opened.mouse.click(10, 10)  # sounds may be made from now on
    opened.evaluate(ALONE, texts_of("en"))
    opened.evaluate("stage.hear()")
    expect(opened.locator(PLACE)).to_be_visible()
    yield opened
    context.close()
    assert not wrong, wrong


def is_told(page: Page, state: str) -> None:
    expect(page.locator(".answering")).to_have_attribute("data-state", state)


def breaks(page: Page, state: str) -> None:
    page.evaluate("(state) => ((stage.pace = 10), stage.path(state))", state)
    expect(page.locator(PLACE)).to_have_count(0)
    page.evaluate("stage.pace = 1")


def count(page: Page, what: str) -> int:
    found: int = page.evaluate(f"stage.{what}.length")
    return found


def has_begun(page: Page) -> bool:
    found: bool = page.evaluate("stage.said.some(({ record }) => record)")
    return found


def test_the_place_comes_back_with_the_path(alone: Page) -> None:
    breaks(alone, "disconnected")
    alone.evaluate("stage.path('connected')")
    expect(alone.locator(PLACE)).to_be_visible()
    alone.evaluate("stage.hear()")
    assert count(alone, "lines") == 1, "it is the same one"
    touch(alone, "answering-record")
    is_told(alone, "recording")


@pytest.mark.parametrize("state", ["disconnected", "failed"])
def test_where_the_path_is_gone_another_one_brings_the_place_back(alone: Page, state: str) -> None:
    breaks(alone, state)
    alone.evaluate("stage.hear()")
    expect(alone.locator(PLACE)).to_be_visible()
    assert count(alone, "lines") == 2
    touch(alone, "answering-record")
    is_told(alone, "recording")


def test_a_connection_of_which_the_machine_did_not_hear_is_made_when_the_server_is_back(alone: Page) -> None:
    breaks(alone, "failed")
    alone.evaluate("void (stage.isAway = true)")
    alone.evaluate("stage.hear()")
    alone.wait_for_function("stage.lines[1]?.signalingState === 'have-local-offer'")
    alone.wait_for_timeout(300)
    alone.evaluate("void (stage.isAway = false)")
    alone.evaluate("stage.hear()")
    expect(alone.locator(PLACE)).to_be_visible()
    assert count(alone, "lines") == 2, "it is the same one"


def test_what_was_cut_off_stays_told_until_it_is_read(alone: Page) -> None:
    """The machine counts on until it hears that nobody speaks."""
    touch(alone, "answering-record")
    is_told(alone, "recording")
    alone.evaluate("stage.path('failed')")
    alone.wait_for_function("stage.came.includes('kept')")
    is_told(alone, "cut")
    alone.evaluate("stage.path('connected'), stage.hear()")
    is_told(alone, "cut")
    assert count(alone, "lines") == 1
    touch(alone, "answering-close")
    expect(alone.locator(PLACE)).to_have_count(0)
    alone.evaluate("stage.hear()")
    expect(alone.locator(PLACE)).to_be_visible()


def test_of_a_second_message_nothing_is_kept_that_was_not_said(alone: Page) -> None:
    touch(alone, "answering-record")
    is_told(alone, "recording")
    touch(alone, "answering-record")
    is_told(alone, "kept")
    alone.evaluate("stage.isAsked = true")
    touch(alone, "answering-record")
    is_told(alone, "tone")
    alone.evaluate("stage.path('failed')")
    is_told(alone, "lost")


def test_who_is_muted_in_the_call_is_heard_in_the_message(alone: Page) -> None:
    alone.evaluate("stage.own.open().then(() => stage.own.toggleMicrophone())")
    touch(alone, "answering-record")
    wait_until(alone, "a voice", lambda: alone.evaluate("stage.energy()") > 0)
    assert alone.evaluate("[stage.own.microphone, stage.own.tracks.audio.enabled]") == ["off", False], "in the call"


@pytest.mark.parametrize("meanwhile", LATE)
def test_a_microphone_that_is_granted_too_late_is_let_go(alone: Page, meanwhile: str) -> None:
    alone.evaluate("stage.isAsked = true")
    touch(alone, "answering-record")
    is_told(alone, "tone")
    wait_until(alone, "the question", lambda: count(alone, "asked") == 1)
    alone.evaluate(LATE[meanwhile])
    alone.evaluate("stage.asked[0]()")
    alone.wait_for_function("stage.given[0]?.readyState === 'ended'", timeout=4_000)
    assert not has_begun(alone)


def test_who_throws_it_away_while_the_browser_asks_may_begin_anew(alone: Page) -> None:
    alone.evaluate("stage.isAsked = true")
    touch(alone, "answering-record")
    touch(alone, "answering-discard")
    touch(alone, "answering-record")
    wait_until(alone, "both questions", lambda: count(alone, "asked") == 2)
    alone.evaluate("stage.asked.forEach((allow) => allow())")
    is_told(alone, "recording")
    alone.wait_for_function("stage.given.length === 2 && stage.given.some(({ readyState }) => readyState === 'ended')")
    assert alone.evaluate("stage.given.filter(({ readyState }) => readyState === 'live').length") == 1
