/** The terminal's own line, tried without a sound where web asks for it: an hour before a call, or for the desk. */
import { LineCheck } from "../call/linecheck.js";
import { t } from "../core/texts.js";
import { h } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";

sheet("line.css", import.meta.url);

const AGAIN_MS = 60_000;
/** @type {LineCheck | null} */
let check = null;
let tried_at = -Infinity;

/** @param {import("../net/live.js").Live} live @param {import("../ui/calling.js").Calling} calling */
export async function tryLine(live, calling) {
  const isUsed = () => Boolean(calling.seat || calling.ringing);
  if (check || isUsed() || performance.now() - tried_at < AGAIN_MS) return;
  tried_at = performance.now();
  const lamp = h("p", { class: "lamp lamp--wait line-lamp" }, h("span", { class: "hidden-text" }, t("terminal.line.trying")));
  document.body.append(lamp);
  const own = new LineCheck(live, null, () => {});
  check = own;
  const watch = setInterval(() => isUsed() && own.cancel(), 250);
  await own.run();
  clearInterval(watch);
  lamp.remove();
  check = null;
  if (own.verdict) tried_at = -Infinity; // asked again, it is tried again
  else setTimeout(() => live.refresh(), AGAIN_MS + 1_000); // whether it is still wanted
  dispatchEvent(new CustomEvent("homethread:line", { detail: { stage: own.stage, verdict: own.verdict, bytes: own.bytes } }));
} // prettier-ignore
