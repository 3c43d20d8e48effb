/** What a call's link was like, in the words of the desk: rungs and how long, why it went down, what it weighed. */
import { t } from "../core/texts.js";
import { rungText, word } from "./words.js";

/** @typedef {import("../core/wire.js").Call} Call */
/** @typedef {import("./wire.js").CallLink} CallLink */

const MEGABYTE = 1_000_000;

/** Lines of facts, by name; empty where nothing was measured. @param {Call} call @param {CallLink | null} link
 * @returns {[string, string][]} */
export function linkFacts(call, link) {
  if (!link) return [];
  const { kbps, rtt_ms, loss_permille, seconds, reasons } = link;
  const measured = [
    kbps !== null && t("desk.link_kbps", { kbps }),
    rtt_ms !== null && t("desk.link_rtt", { ms: rtt_ms }),
    loss_permille !== null && t("desk.link_loss", { percent: loss_permille / 10 }),
  ];
  const rungs = Object.entries(seconds).map(([rung, each]) => `${rungText(rung)} ${lasting(each)}`);
  const why = Object.entries(reasons).map(([reason, times]) => `${word(`desk.rung_reason.${reason}`, reason)} ×${times}`);
  const bytes = [sideBytes(call.child.name, link.village_bytes), sideBytes(call.parent.name, link.parent_bytes)];
  return [["link", told(measured)], ["rungs", told(rungs)], ["went_down", told(why)], ["data", told(bytes)]];
} // prettier-ignore

/** @param {(string | false)[]} parts */
const told = (parts) => parts.filter(Boolean).join(" · ");

/** "4:05" @param {number} seconds */
const lasting = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

/** @param {string} name @param {number | null} bytes */
const sideBytes = (name, bytes) =>
  bytes !== null && `${name} ${(bytes / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
