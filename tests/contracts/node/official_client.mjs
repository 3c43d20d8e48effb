// The official Socket.IO client over WebSocket; one, spoken with as our_clients.mjs is. Argument: url.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const say = (said) => process.stdout.write(`${JSON.stringify({ client: 0, said })}\n`);
const socket = io(process.argv[2], { transports: ["websocket"], autoConnect: false });
socket.on("connect", () => say({ state: "connected" }));
socket.on("disconnect", (reason) => say({ state: "lost", reason }));
socket.on("connect_error", ({ message, data }) => say({ state: "refused", error: { message, data } }));
for (const event of ["welcome", "pushed"]) socket.on(event, (...args) => say({ event, args }));

const commands = {
  connect: () => socket.connect(),
  auth: (auth) => (socket.auth = auth),
  close: () => socket.disconnect(),
  emit: ({ name, payload }) => socket.emit(name, payload, (answer) => say({ ack: name, answer })),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, argument } = JSON.parse(line);
  commands[command](argument);
}
