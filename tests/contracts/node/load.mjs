// Our client as a module, by its text: without a package.json beside it Node 18 takes a .js for CommonJS.
import { readFile } from "node:fs/promises";

const source = await readFile(new URL("../../../static/net/socket.js", import.meta.url), "base64");
export const { Socket, SocketError } = await import(`data:text/javascript;base64,${source}`);
