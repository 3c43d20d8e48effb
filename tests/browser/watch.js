// Keeps every RTCPeerConnection and the marks of the call, so that a test can read real figures from outside the page.
(() => {
  const connections = [];
  const marks = [];
  const tones = [];
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...more) {
      super(...more);
      connections.push(this);
      marks.push({ state: "connection", at: instant(), third: Boolean(document.querySelector(".third")) });
    }
  };
  const instant = () => performance.timeOrigin + performance.now(); // the same clock in every page of one machine
  window.addEventListener("homethread:call", (event) => marks.push({ ...event.detail, at: instant() }));
  window.addEventListener("pointerdown", () => marks.push({ state: "touch", at: instant() }), true);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...when) {
    if (this.context.state === "running") tones.push(Math.round(this.frequency.value));
    return start.apply(this, when);
  };
  // What this page tells another one of a connection; what it changes by itself is told to nobody.
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (said) {
    if (/^42\d*\["signal",.*"description":/.test(said)) marks.push({ state: "description", at: instant() });
    return send.call(this, said);
  };
  // Of each open connection what really arrives by it, the oldest first.
  const each = async () => {
    const found = [];
    for (const connection of connections) {
      if (connection.connectionState === "closed") continue;
      const one = { audioEnergy: 0, frames: 0 };
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "audio") one.audioEnergy += report.totalAudioEnergy ?? 0;
        else one.frames += report.framesDecoded ?? 0;
      }
      found.push(one);
    }
    return found;
  };
  const figures = async () => {
    const total = { audioBytes: 0, audioEnergy: 0, frames: 0, samples: 0, state: "none", open: 0 };
    for (const connection of connections) {
      if (connection.connectionState === "closed") continue;
      total.open += 1;
      total.state = connection.connectionState;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "audio") {
          total.audioBytes += report.bytesReceived;
          total.audioEnergy += report.totalAudioEnergy ?? 0;
          total.samples += report.totalSamplesReceived ?? 0;
        } else total.frames += report.framesDecoded ?? 0;
      }
    }
    return total;
  };
  // What has come by the newest connection: packets of voice, and bytes of everything.
  const came = async () => {
    const total = { voicePackets: 0, bytes: 0 };
    for (const report of (await connections.at(-1).getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === "audio") total.voicePackets += report.packetsReceived;
      if (report.type === "transport") total.bytes += report.bytesReceived;
    }
    return total;
  };
  const comesWithin = async (ms) => {
    const before = await came();
    await new Promise((done) => setTimeout(done, ms));
    const after = await came();
    return { voicePackets: after.voicePackets - before.voicePackets, bytes: after.bytes - before.bytes };
  };
  // The first instant at which voice and picture really arrived, looked for often enough to be told in tens of ms.
  const first = {};
  setInterval(async () => {
    if (first.audio && first.video) return;
    const now = await figures();
    if (!first.audio && now.audioEnergy > 0) first.audio = instant();
    if (!first.video && now.frames > 0) first.video = instant();
  }, 25);
  window.watched = { figures, each, comesWithin, marks, tones, first, newest: () => connections.at(-1) };
})();
