// When our client waits, retries and gives up: timers are stepped by hand, the WebSocket does nothing by itself.
import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { beforeEach, test } from "node:test";
import { Socket, Spares } from "./load.mjs";

const OPEN = '0{"pingInterval":5000,"pingTimeout":4000}';
const HEARTBEAT_MS = 9000;
const CONNECT_TIMEOUT_MS = 10_000;
const ASKED_MS = 400;

class FakeTimers {
  now = 0;
  #due = [];

  setTimeout = (run, ms) => {
    const timer = { run, at: this.now + ms };
    this.#due.push(timer);
    return timer;
  };

  clearTimeout = (timer) => void (this.#due = this.#due.filter((other) => other !== timer));

  get waits() {
    return this.#due.map(({ at }) => at - this.now);
  }

  step(ms) {
    const end = this.now + ms;
    for (;;) {
      const next = this.#due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      this.clearTimeout(next);
      next.run();
    }
    this.now = end;
  }
}

class FakeWebSocket {
  static made = [];
  sent = [];

  constructor(url) {
    this.url = url;
    FakeWebSocket.made.push(this);
  }

  send(frame) {
    this.sent.push(frame);
  }

  close(code, reason) {
    this.closed = { code, reason };
  }

  say(...frames) {
    for (const data of frames) this.onmessage({ data });
  }
}

const latest = () => FakeWebSocket.made.at(-1);
const attempts = () => FakeWebSocket.made.length;
let timers, lives;

function open({ chance = 0, url = "https://village.example" } = {}) {
  const options = { url, auth: () => ({ token: "t" }), WebSocketClass: FakeWebSocket, timers, random: () => chance };
  const socket = new Socket(options);
  socket.onstate((life) => lives.push(life.reason ?? life.state));
  return socket;
}

function connected(options) {
  const socket = open(options);
  socket.connect();
  latest().say(OPEN, '40{"sid":"s"}');
  return socket;
}

beforeEach(() => {
  FakeWebSocket.made = [];
  timers = new FakeTimers();
  lives = [];
  globalThis.window = new EventTarget();
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true, writable: true });
});

test("the address is the WebSocket one of the server's origin", () => {
  for (const url of ["https://village.example", "https://village.example/phone", "wss://village.example"]) {
    open({ url }).connect();
    assert.equal(latest().url, "wss://village.example/socket.io/?EIO=4&transport=websocket");
  }
  open({ url: "http://127.0.0.1:8000" }).connect();
  assert.equal(latest().url, "ws://127.0.0.1:8000/socket.io/?EIO=4&transport=websocket");
});

test("retries come after a delay that doubles up to its ceiling, jitter within half of it", () => {
  for (const [chance, delays] of [
    [0, [500, 1000, 2000, 4000, 7500, 7500]],
    [1, [1000, 2000, 4000, 8000, 15000, 15000]],
  ]) {
    open({ chance }).connect();
    for (const delay of delays) {
      latest().onclose();
      assert.deepEqual(timers.waits, [delay]);
      timers.step(delay);
    }
    timers = new FakeTimers();
  }
});

test("in a hurry retries come soon, and an attempt is given up sooner", () => {
  const socket = open({ chance: 1 });
  socket.isInHurry = true;
  socket.patience_ms = 2_500;
  socket.connect();
  for (const delay of [100, 200, 400, 400, 400]) {
    assert.deepEqual(timers.waits, [2_500]);
    timers.step(2_500);
    assert.equal(lives.at(-1), "connect_timeout");
    assert.deepEqual(timers.waits, [delay]);
    timers.step(delay);
  }
});

test("in doubt another connection is opened beside, and takes over when it stands", async () => {
  const socket = connected();
  const [before, events] = [latest(), []];
  socket.on("hint", (hint) => events.push(hint));
  const asked = socket.emit("beat", {});
  lives = [];
  socket.doubt(Spares);
  socket.doubt(Spares);
  assert.equal(attempts(), 2);
  latest().say(OPEN);
  assert.deepEqual([latest().sent, before.closed], [['40{"token":"t"}'], undefined]);
  timers.step(ASKED_MS);
  latest().say('40{"sid":"other"}', '42["hint",1]');
  assert.deepEqual([lives, before.closed.code, events], [["connected"], 4000, [1]]);
  await assert.rejects(asked, { code: "lost" });
  before.say('42["hint",2]');
  before.onclose();
  assert.deepEqual([lives, events, socket.life.state], [["connected"], [1], "connected"]);
  assert.deepEqual(timers.waits, [HEARTBEAT_MS]);
  socket.emit("beat", {}).catch(() => {});
  assert.equal(latest().sent.length, 2);
});

test("a doubted connection that speaks stays, and the one beside it is closed", () => {
  const socket = connected();
  const before = latest();
  socket.doubt(Spares);
  const beside = latest();
  before.say("2");
  assert.deepEqual([beside.closed.code, socket.life.state], [1000, "connected"]);
  beside.say(OPEN, '40{"sid":"late"}');
  assert.deepEqual([beside.sent, before.closed], [[], undefined]);
  assert.deepEqual(timers.waits, [HEARTBEAT_MS]);
});

test("one that stands at once waits for as long as the doubted one may take to answer", () => {
  for (const answers of [true, false]) {
    const socket = connected();
    const before = latest();
    socket.doubt(Spares);
    const beside = latest();
    timers.step(ASKED_MS - 20);
    beside.say(OPEN, '40{"sid":"other"}');
    if (answers) before.say("2");
    timers.step(20);
    assert.deepEqual([before.closed?.code, beside.closed?.code], answers ? [undefined, 1000] : [4000, undefined]);
    assert.deepEqual(timers.waits, [answers ? HEARTBEAT_MS - 20 : HEARTBEAT_MS]);
    timers = new FakeTimers();
  }
});

test("where the one beside it doesn't stand either, the next does; where none does, all are given up", () => {
  for (const stands of [true, false]) {
    const socket = connected();
    const before = attempts();
    socket.patience_ms = 2_000;
    socket.doubt(Spares);
    timers.step(3_000);
    assert.deepEqual(FakeWebSocket.made.slice(before).map((one) => one.closed?.code), [1000, undefined]);
    if (stands) latest().say(OPEN, '40{"sid":"other"}');
    timers.step(3_000);
    const closed = FakeWebSocket.made.slice(before - 1).map((one) => one.closed?.code);
    if (stands) assert.deepEqual([closed, socket.life.state], [[4000, 1000, undefined], "connected"]);
    else assert.deepEqual([closed, lives.at(-1)], [[4000, 1000, 1000, 1000], "heartbeat"]);
    timers = new FakeTimers();
  }
});

test("a connection that is given up for another is so once", () => {
  const socket = connected();
  socket.renew();
  assert.deepEqual([lives.at(-1), latest().closed.code], ["heartbeat", 4000]);
  socket.renew();
  assert.deepEqual(timers.waits, [500]);
  timers.step(500);
  assert.equal(attempts(), 2);
});

test("a connection that outlived a ping starts the delays anew, a shorter one doesn't", () => {
  connected();
  for (const delay of [500, 1000, 2000]) {
    latest().say("1");
    assert.deepEqual(timers.waits, [delay]);
    timers.step(delay);
    latest().say(OPEN, '40{"sid":"s"}');
  }
  latest().say("2", "1");
  assert.deepEqual(timers.waits, [500]);
});

test("a ping while the server still thinks about our CONNECT is answered and proves nothing", () => {
  open().connect();
  for (const delay of [500, 1000]) {
    latest().say(OPEN, "2", "2");
    assert.deepEqual(latest().sent, ['40{"token":"t"}', "3", "3"]);
    timers.step(CONNECT_TIMEOUT_MS);
    assert.equal(lives.at(-1), "connect_timeout");
    assert.deepEqual(timers.waits, [delay]);
    timers.step(delay);
  }
});

test("every frame moves the heartbeat's deadline", () => {
  connected();
  for (const frame of ["2", "6", '42["hint",{}]', '43999[{}]']) {
    timers.step(HEARTBEAT_MS - 1);
    latest().say(frame);
  }
  timers.step(HEARTBEAT_MS - 1);
  assert.equal(lives.at(-1), "connected");
  timers.step(1);
  assert.equal(lives.at(-1), "heartbeat");
  assert.deepEqual(latest().closed, { code: 4000, reason: "heartbeat" });
});

test("the network's return ends the wait at once and starts the delays anew", () => {
  open().connect();
  for (let attempt = 0; attempt < 5; attempt++) {
    latest().onclose();
    timers.step(timers.waits[0]);
  }
  latest().onclose();
  assert.equal(attempts(), 6);
  window.dispatchEvent(new Event("online"));
  assert.equal(attempts(), 7);
  window.dispatchEvent(new Event("online"));
  assert.equal(attempts(), 7, "an attempt that is under way goes on");
  latest().onclose();
  assert.deepEqual(timers.waits, [500]);
});

test("without a network there is no attempt but one each fifteen seconds, since onLine lies", () => {
  navigator.onLine = false;
  const socket = open();
  socket.connect();
  assert.deepEqual(lives, ["offline"]);
  timers.step(10_000);
  socket.connect();
  timers.step(4_999);
  assert.equal(attempts(), 0, "asking again neither tries nor puts it off");
  timers.step(1);
  assert.equal(attempts(), 1);
  latest().onclose();
  timers.step(15_000);
  assert.equal(attempts(), 1);
  timers.step(500);
  assert.equal(attempts(), 2);
});

test("connect() doesn't wait for the next retry and leaves a connection alone", () => {
  const socket = connected();
  socket.connect();
  assert.equal(attempts(), 1);
  latest().onclose();
  socket.connect();
  assert.equal(attempts(), 2);
  assert.deepEqual(timers.waits, [CONNECT_TIMEOUT_MS]);
});

test("after a final refusal nothing but connect() tries again", () => {
  const socket = open();
  socket.connect();
  latest().say(OPEN, '44{"message":"signed_out","data":{"final":true}}');
  assert.deepEqual(socket.life, {
    state: "refused",
    error: { message: "signed_out", data: { final: true } },
    final: true,
  });
  window.dispatchEvent(new Event("online"));
  assert.deepEqual([timers.waits, attempts()], [[], 1]);
  socket.connect();
  assert.equal(attempts(), 2);
});

test("a refusal in words alone, as from a server without that namespace, is retried", () => {
  const socket = open();
  socket.connect();
  latest().say(OPEN, '44"Unable to connect"');
  assert.deepEqual(socket.life, { state: "refused", error: "Unable to connect", final: false });
  assert.deepEqual(timers.waits, [500]);
});

test("an old connection's late messages and close change nothing", () => {
  const socket = connected();
  const old = latest();
  let hints = 0;
  socket.on("hint", () => hints++);
  timers.step(HEARTBEAT_MS);
  timers.step(500);
  latest().say(OPEN, '40{"sid":"s"}');
  const before = lives.length;
  old.say('42["hint",{}]', "2", "1", "nonsense");
  old.onclose();
  assert.deepEqual([hints, lives.length, timers.waits], [0, before, [HEARTBEAT_MS]]);
  latest().say('42["hint",{}]');
  assert.equal(hints, 1);
});

test("events before the CONNECT wait for it and are dropped with a connection that never got there", () => {
  const socket = open();
  const hints = [];
  socket.on("hint", (hint) => hints.push([hint, socket.life.state]));
  socket.connect();
  latest().say(OPEN, '42["hint",1]');
  latest().onclose();
  timers.step(500);
  latest().say(OPEN, '42["hint",2]', '42["hint",3]', '40{"sid":"s"}');
  assert.deepEqual(hints, [[2, "connected"], [3, "connected"]]);
});

test("an ack that is late, repeated or lost with its connection settles its emit once", async () => {
  const socket = connected();
  const late = socket.emit("beat", {}, { timeout_ms: 100 });
  timers.step(100);
  latest().say('431[{"at":1}]');
  await assert.rejects(late, { name: "SocketError", code: "timeout" });
  const answered = socket.emit("beat", {});
  latest().say('432[{"at":2}]', '432[{"at":3}]');
  assert.deepEqual(await answered, { at: 2 });
  const lost = socket.emit("beat", {});
  latest().onclose();
  await assert.rejects(lost, { name: "SocketError", code: "lost", detail: { reason: "transport" } });
  await assert.rejects(socket.emit("beat", {}), { name: "SocketError", code: "offline" });
  assert.equal(timers.waits.length, 1, "the retry alone");
});

test("an emit before the server's CONNECT is not sent", async () => {
  const socket = open();
  socket.connect();
  latest().say(OPEN);
  await assert.rejects(socket.emit("beat", {}), { code: "offline" });
  assert.deepEqual(latest().sent, ['40{"token":"t"}']);
});

test("handlers and watchers can be taken off, and one that closes stops what follows", () => {
  const socket = open();
  const seen = [];
  socket.on("hint", () => seen.push("gone"))();
  socket.onstate(() => seen.push("gone"))();
  socket.onstate(({ state }) => state === "connected" && socket.close());
  socket.onstate(({ state }) => seen.push(state));
  socket.on("hint", () => seen.push("hint"));
  socket.connect();
  latest().say(OPEN, '42["hint",1]', '40{"sid":"s"}');
  latest().say('42["hint",2]');
  assert.deepEqual(seen, ["connecting", "closed"]);
  assert.deepEqual(latest().sent.at(-1), "41");
  assert.deepEqual(latest().closed, { code: 1000, reason: "closed" });
  assert.deepEqual(timers.waits, []);
  assert.deepEqual(getEventListeners(window, "online"), []);
  assert.throws(() => socket.connect(), /stays closed/);
});
