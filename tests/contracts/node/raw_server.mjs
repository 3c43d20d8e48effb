// A WebSocket server that greets as told and, after a client's first CONNECT, says what that client's auth asks for.
// Arguments: port, greetings: a frame for each of the first connections, null for silence; the later ones get OPEN.
// A frame is a text, or {hex} for a binary one.
import { WebSocketServer } from "ws";

const OPEN = `0${JSON.stringify({ sid: "s", upgrades: [], pingInterval: 20000, pingTimeout: 20000 })}`;
const [port, json] = process.argv.slice(2);
const greetings = JSON.parse(json);

const say = (said) => process.stdout.write(`${JSON.stringify({ client: 0, said })}\n`);
const send = (link, frame) => link.send(typeof frame === "string" ? frame : Buffer.from(frame.hex, "hex"));

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(port) });
server.on("listening", () => say({ listening: true }));
server.on("connection", (link) => {
  const greeting = greetings.length ? greetings.shift() : OPEN;
  if (greeting !== null) send(link, greeting);
  link.on("close", (code, reason) => say({ code, reason: `${reason}` }));
  link.on("message", (message) => {
    const text = `${message}`;
    if (!text.startsWith("40")) return;
    const { asked, frames = [] } = JSON.parse(text.slice(2));
    send(link, '40{"sid":"s"}');
    if (asked === 1) for (const frame of frames) send(link, frame);
  });
});
