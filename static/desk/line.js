/** What a terminal's line carried when it was tried last, beside its passport; and having it tried now. */
import { rateText } from "../core/lines.js";
import { t } from "../core/texts.js";
import { DAY, HOUR, MINUTE, ms } from "../core/time.js";
import { button, h, icon } from "../ui/dom.js";
import { rungText } from "./words.js";

/** @typedef {import("./wire.js").VillageTerminal} VillageTerminal */

/** @param {VillageTerminal} terminal @param {number} at @param {boolean} isBusy */
export function lineOf({ id, present, line_check, is_checking }, at, isBusy) {
  const busy = String(isBusy || is_checking);
  return h(
    "div",
    { class: "terminal-line", "data-key": "line", "data-state": is_checking ? "trying" : line_check ? "tried" : "never" },
    h("p", { class: "muted", role: "status" }, icon("link-back", "s"), " ", is_checking ? t("desk.line.trying") : tried(line_check, at)),
    present && button("check-line", "btn btn--small btn--quiet", null, t("desk.line.now"), { "data-terminal-id": id, "aria-busy": busy }),
  );
} // prettier-ignore

/** "12 minutes ago" @param {number} past_ms */
export function ago(past_ms) {
  const said = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  if (past_ms < HOUR) return said.format(-Math.max(0, Math.floor(past_ms / MINUTE)), "minute");
  return past_ms < DAY ? said.format(-Math.floor(past_ms / HOUR), "hour") : said.format(-Math.floor(past_ms / DAY), "day");
}

/** "Line tried 12 minutes ago: Photos · 480 ms · 2 % · up 47, down 52 kbit/s"
 * @param {VillageTerminal["line_check"]} check @param {number} at */
function tried(check, at) {
  if (!check) return t("desk.line.never");
  const { rung, rtt_ms, loss_permille, up_kbps, down_kbps } = check;
  const found = [
    rungText(rung), rtt_ms !== null && `${rtt_ms} ms`, loss_permille !== null && `${loss_permille / 10} %`,
    up_kbps !== null && down_kbps !== null && t("desk.line.rates", { up: rateText(up_kbps), down: rateText(down_kbps) }),
  ].filter(Boolean); // prettier-ignore
  return t("desk.line.tried", { ago: ago(at - ms(check.at)), found: found.join(" · ") });
}
