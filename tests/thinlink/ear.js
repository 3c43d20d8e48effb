// A measuring ear in a page: what its microphone gives and what comes from the other end, as 16 kHz samples with the
// wall clock; when the page lets a person hear it; the browser's own figures; what the page says about rungs.
// Put into a page before its own scripts, by tests alone.
(() => {
  if (!location.protocol.startsWith("http")) return;
  const RATE_HZ = 16_000;
  const BLOCK = 1_280;
  const EAR = `registerProcessor("ear", class extends AudioWorkletProcessor {
    block = new Int16Array(${BLOCK});
    filled = 0;
    process([channels]) {
      const samples = channels[0] ?? new Float32Array(128);
      for (const sample of samples) {
        this.block[this.filled++] = Math.max(-1, Math.min(1, sample)) * 32767;
        if (this.filled < ${BLOCK}) continue;
        this.port.postMessage({ frame: currentFrame, at: Date.now(), samples: this.block });
        this.filled = 0;
      }
      return true;
    }
  })`;
  const connections = [];
  const kept = { said: [], heard: [] };
  const keep = []; // what nobody else holds
  const [audible, looks, touches, rungs, photos] = [[], [], [], [], []];

  const context = new AudioContext({ sampleRate: RATE_HZ });
  const ears = context.audioWorklet.addModule(URL.createObjectURL(new Blob([EAR], { type: "text/javascript" }))).then(() => {
    const ear = (name) => {
      const node = new AudioWorkletNode(context, "ear", { channelCount: 1, channelCountMode: "explicit" });
      node.port.onmessage = ({ data }) => kept[name].push(data);
      node.connect(context.destination);
      return node;
    };
    return { said: ear("said"), heard: ear("heard") };
  });
  const listen = async (name, track) => {
    const source = context.createMediaStreamSource(new MediaStream([track]));
    keep.push(source);
    source.connect((await ears)[name]);
  };
  // A remote track flows only into pages that play it.
  const pull = (track) => {
    const aside = Object.assign(new Audio(), { muted: true, srcObject: new MediaStream([track]) });
    keep.push(aside);
    realPlay.call(aside).catch(() => {});
  };

  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...more) {
      super(...more);
      connections.push(this);
      this.addEventListener("track", ({ track }) => {
        if (track.kind !== "audio") return;
        pull(track);
        listen("heard", track);
      });
    }
  };
  // A photo has come when its last piece has: 1, its number in two bytes, the piece's place, their count (`pieces.js`).
  const createDataChannel = Real.prototype.createDataChannel;
  Real.prototype.createDataChannel = function (...more) {
    const channel = createDataChannel.apply(this, more);
    const growing = new Map();
    channel.addEventListener("message", ({ data }) => {
      const [kind, high, low, place, count] = new Uint8Array(data);
      if (kind !== 1 || data.byteLength <= 5) return;
      const places = growing.get(high * 256 + low) ?? new Set();
      growing.set(high * 256 + low, places.add(place));
      if (places.size === count) photos.push(Date.now());
    });
    return channel;
  };
  const getUserMedia = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (wish) => {
    const stream = await getUserMedia(wish);
    for (const track of stream.getAudioTracks()) listen("said", track);
    return stream;
  };
  const say = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    if (typeof data === "string" && data.includes('["rung"')) rungs.push({ at: Date.now(), said: data });
    return say.call(this, data);
  };
  addEventListener("pointerdown", () => touches.push(Date.now()), true);

  const players = new Set();
  const realPlay = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    players.add(this);
    return realPlay.call(this);
  };
  const plays = (player) => !player.muted && !player.paused && player.volume > 0 && player.srcObject?.getAudioTracks().length;
  setInterval(() => {
    const now = [...players, ...document.querySelectorAll("video, audio")].some(plays);
    if (audible.at(-1)?.is !== now) audible.push({ at: Date.now(), is: now });
  }, 10);

  const look = async (connection) => {
    const found = { concealed: 0, silent: 0, samples: 0, packets: 0, lost: 0, waited: 0, emitted: 0, frames: 0 };
    const now = { rtt: null, width: null, height: null, available: null, target: null };
    for (const part of (await connection.getStats()).values()) {
      if (part.type === "inbound-rtp" && part.kind === "audio") {
        found.concealed += part.concealedSamples ?? 0;
        found.silent += part.silentConcealedSamples ?? 0;
        found.samples += part.totalSamplesReceived ?? 0;
        found.packets += part.packetsReceived ?? 0;
        found.lost += part.packetsLost ?? 0;
        found.waited += part.jitterBufferDelay ?? 0;
        found.emitted += part.jitterBufferEmittedCount ?? 0;
      } else if (part.type === "inbound-rtp") {
        found.frames += part.framesDecoded ?? 0;
        [now.width, now.height] = [part.frameWidth ?? null, part.frameHeight ?? null];
      } else if (part.type === "candidate-pair" && part.nominated && part.state === "succeeded") {
        [now.rtt, now.available] = [part.currentRoundTripTime ?? null, part.availableOutgoingBitrate ?? null];
      }
    }
    return { found, now };
  };
  const last = new Map();
  setInterval(async () => {
    const at = Date.now();
    let now = {};
    for (const connection of connections) {
      if (connection.connectionState === "closed") continue;
      const looked = await look(connection);
      last.set(connection, looked.found);
      if (connection.connectionState === "connected") now = looked.now;
    }
    const total = {};
    for (const found of last.values()) for (const [name, value] of Object.entries(found)) total[name] = (total[name] ?? 0) + value;
    looks.push({ at, ...total, ...now });
  }, 500);

  // What the page's picker judged by, look by look, and what it proposed then.
  const judged = [];
  const waiting = setInterval(async () => {
    const script = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/call/rungs.js"));
    if (!script) return;
    clearInterval(waiting);
    const { Rungs } = await import(script.name);
    const judge = Rungs.prototype.look;
    Rungs.prototype.look = function (seen) {
      const [in_effect, before] = [this.rung.name, rungs.length];
      const told = judge.call(this, seen);
      const [, proposal] = rungs.length > before ? JSON.parse(rungs.at(-1).said.replace(/^\d+/, "")) : [];
      const carried_bytes = told.sent_bytes + told.received_bytes; // as the meter has it
      if (seen.look) judged.push({ ...seen.look, in_effect, proposed: proposal?.rung ?? null, carried_bytes });
      return told;
    };
  }, 200);

  const packed = (blocks) => {
    const bytes = new Uint8Array(blocks.length * BLOCK * 2);
    blocks.forEach(({ samples }, place) => bytes.set(new Uint8Array(samples.buffer), place * BLOCK * 2));
    let text = "";
    for (let from = 0; from < bytes.length; from += 8_192) text += String.fromCharCode(...bytes.subarray(from, from + 8_192));
    return btoa(text);
  };
  const recording = (name) => {
    const blocks = kept[name];
    return { ends: blocks.map(({ at }) => at), frames: blocks.map(({ frame }) => frame), samples: packed(blocks) };
  };
  window.ear = {
    states: () => connections.map((connection) => connection.connectionState),
    isOpen: () => connections.some((connection) => connection.connectionState === "connected"),
    isOffered: () => connections.some((connection) => connection.remoteDescription?.type === "offer"),
    connections,
    judged,
    take: () => ({ said: recording("said"), heard: recording("heard"), audible, looks, touches, rungs, photos }),
  };
})();
