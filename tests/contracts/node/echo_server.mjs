// Node's official Socket.IO server, answering as echo_server.py does.
// Arguments: port, seconds between two pings, seconds to wait for a pong.
import { createServer } from "node:http";
import { Server } from "socket.io";

const [port, ping_seconds, pong_seconds] = process.argv.slice(2).map(Number);
const http = createServer((_request, response) => response.end("ready"));
const io = new Server(http, { pingInterval: ping_seconds * 1000, pingTimeout: pong_seconds * 1000 });

io.use((socket, next) => {
  const { token, final = false } = socket.handshake.auth;
  if (token === "good") return next();
  next(Object.assign(new Error("not_signed_in"), { data: { error: "not_signed_in", final } }));
});

io.on("connection", (socket) => {
  socket.emit("welcome", socket.handshake.auth);
  socket.on("echo", (payload, answer) => answer(payload));
  socket.on("fail", (slot, answer) =>
    answer({ error: "slot_taken", detail: { slot }, message: "Somebody else was faster." }),
  );
  socket.on("push", (payload, answer) => {
    socket.emit("pushed", payload);
    answer();
  });
  socket.on("kick", () => socket.disconnect());
});

http.listen(port, "127.0.0.1");
