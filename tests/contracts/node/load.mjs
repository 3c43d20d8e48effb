// Our client as modules, by their text: without a package.json beside it Node 18 takes a .js for CommonJS.
import { readFile } from "node:fs/promises";

const text = (name) => readFile(new URL(`../../../static/net/${name}`, import.meta.url), "utf8");
const address = (source) => `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`;
const socket = address(await text("socket.js"));
export const { Socket, SocketError } = await import(socket);
export const { Spares } = await import(address((await text("path.js")).replace("./socket.js", socket)));
