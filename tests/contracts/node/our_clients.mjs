// Our clients under Node's ws, any number of them.
// A line of JSON in is a command for one of them, a line of JSON out is what happened to one.
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { Socket } from "./load.mjs";

class QuietWebSocket extends WebSocket {
  constructor(url) {
    super(url);
    this.on("error", () => {}); // a browser doesn't throw either: the close that follows tells
  }
}

/** The real timers, every wait divided by `haste`; `running` are those that still wait. */
class HastyTimers {
  running = new Set();

  constructor(haste) {
    this.haste = haste;
  }

  setTimeout(run, ms) {
    const timer = setTimeout(() => (this.running.delete(timer), run()), ms / this.haste);
    this.running.add(timer);
    return timer;
  }

  clearTimeout(timer) {
    this.running.delete(timer);
    clearTimeout(timer);
  }
}

function open({ url, auth, connect_timeout_ms, haste }, say) {
  let asked = 0;
  const timers = new HastyTimers(haste);
  const socket = new Socket({
    url,
    auth: () => ({ ...auth, asked: ++asked }),
    WebSocketClass: QuietWebSocket,
    connect_timeout_ms,
    timers,
    random: () => 0,
  });
  socket.onstate(say);
  for (const event of ["welcome", "pushed"]) socket.on(event, (...args) => say({ event, args }));
  return {
    connect: () => socket.connect(),
    auth: (changed) => Object.assign(auth, changed),
    close() {
      socket.close();
      say({ timers: timers.running.size });
    },
    emit: ({ name, payload, timeout_ms }) =>
      socket.emit(name, payload, { timeout_ms }).then(
        (answer) => say({ ack: name, answer }),
        ({ name: type, code, detail, message }) => say({ failed: name, type, code, detail, message }),
      ),
  };
}

const clients = new Map();
for await (const line of createInterface({ input: process.stdin })) {
  const { client, command, argument } = JSON.parse(line);
  const say = (said) => process.stdout.write(`${JSON.stringify({ client, said })}\n`);
  if (command === "open") clients.set(client, open(argument, say));
  else clients.get(client)[command](argument);
}
