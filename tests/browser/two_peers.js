// Two ends of a connection in one page, for tests: `ends.a` offers, `ends.b` answers, joined as signalling would join
// them: not while `ends.isAway`, and what was sent is there when `ends.sent` says so. What is measured is what the browser's own statistics say was received.
(() => {
  const connections = [];
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...more) {
      super(...more);
      connections.push(this);
    }
  };
  const PLACE = { a: 0, b: 1 };
  let loudness = null;

  // A constant voice: speech has pauses, and what isn't sent in them would have to be waited for.
  function voice() {
    const context = new AudioContext();
    const gain = new GainNode(context, { gain: 0.2 });
    const destination = context.createMediaStreamDestination();
    const throat = new OscillatorNode(context, { type: "sawtooth", frequency: 140 });
    const waver = new OscillatorNode(context, { frequency: 5 });
    waver.connect(new GainNode(context, { gain: 30 })).connect(throat.frequency);
    throat.connect(gain).connect(destination);
    throat.start();
    waver.start();
    loudness = gain.gain;
    return destination.stream.getAudioTracks()[0];
  }

  async function meet({ rung: first = null, delay_ms = 0, filter = (sdp) => sdp, hasStills = true } = {}) {
    const [{ Peer }, { readLadder }] = await Promise.all([import("/call/peer.js"), import("/call/ladder.js")]);
    const { rungs } = await readLadder();
    window.ends = { rungs, stills: { a: [], b: [] }, signals: [] };
    const make = (name, other) => {
      const send = (message) => {
        const { description } = JSON.parse(JSON.stringify(message));
        if (description) ends.signals.push({ from: name, ...description });
        const told = description ? { description: { ...description, sdp: filter(description.sdp) } } : { ...message };
        if (!ends.isAway) setTimeout(() => ends[other].take(told), delay_ms);
        return ends.sent;
      };
      const onstill = hasStills ? (still) => ends.stills[name].push(still) : null;
      const isOfferer = name === "a";
      ends[name] = new Peer({ iceServers: [], icePolicy: "all", isOfferer, send, onstate: () => {}, onstill });
      if (first) ends[name].setRung(rung(first));
    };
    make("a", "b");
    make("b", "a");
    await until(() => ends.a.state === "connected" && ends.b.state === "connected");
    const camera = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480, frameRate: 20 } });
    ends.tracks = { audio: voice(), video: camera.getVideoTracks()[0] };
    for (const name of ["a", "b"]) {
      await ends[name].setTracks(ends.tracks);
      const screen = Object.assign(document.createElement("video"), { srcObject: ends[name].remote, muted: true });
      screen.play().catch(() => {}); // is interrupted when the page closes
      document.body.append(screen);
    }
    await until(async () => (await totals("a")).audio.packets > 0 && (await totals("b")).audio.packets > 0);
    for (const name of ["a", "b"]) await new Promise((heard) => ends[name].watch((seen) => seen.heard && heard()));
    for (const name of ["a", "b"]) ends[name].watch(null); // else the silence of a busy machine is taken for a broken path
  }

  async function until(isSo, seconds = 15) {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`never: ${isSo}`);
  }

  const rung = (name) => ends.rungs.find((one) => one.name === name);

  async function turn(name, options) {
    await Promise.all([ends.a.setRung(rung(name), options), ends.b.setRung(rung(name), options)]);
  }

  // What came in at one end, in all.
  async function totals(name) {
    const report = await connections[PLACE[name]].getStats();
    const kind = () => ({ packets: 0, bytes: 0, headers: 0, frames: 0, wide: 0 });
    const found = { at_ms: performance.now(), audio: kind(), video: kind(), wire: 0 };
    for (const part of report.values()) {
      if (part.type === "inbound-rtp") {
        const one = found[part.kind];
        one.packets += part.packetsReceived;
        one.bytes += part.bytesReceived;
        one.headers += part.headerBytesReceived;
        one.frames += part.framesDecoded ?? 0;
        one.wide = part.frameWidth ?? 0;
      } else if (part.type === "candidate-pair") {
        found.wire += part.bytesReceived + 28 * part.packetsReceived;
      }
    }
    return found;
  }

  async function measure(name, ms) {
    const before = await totals(name);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const after = await totals(name);
    const seconds = (after.at_ms - before.at_ms) / 1000;
    const of = (kind) => {
      const more = (what) => after[kind][what] - before[kind][what];
      return {
        pps: more("packets") / seconds, kbps: (more("bytes") * 8) / 1000 / seconds, fps: more("frames") / seconds,
        header: more("packets") ? more("headers") / more("packets") : 0, wide: after[kind].wide,
      };
    };
    return { audio: of("audio"), video: of("video"), wire_kbps: ((after.wire - before.wire) * 8) / 1000 / seconds };
  }

  const restart = (name) => connections[PLACE[name]].restartIce();
  const speak = (gain) => (loudness.value = gain);

  window.peers = { connections, meet, until, rung, turn, totals, measure, restart, speak };
})();
