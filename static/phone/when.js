/** When a message shall be heard: at once, at bedtime, on a day, on every birthday, or each evening. */
import { dayText } from "../core/every.js";
import { t } from "../core/texts.js";
import { DAY, now as serverNow, weekday } from "../core/time.js";
import { button, h, icon, openDialog } from "../ui/dom.js";
import { sign } from "../voice/waveform.js";

/** @typedef {import("../voice/wire.js").Repeat} Repeat */
/** @typedef {{kind: "now" | "bedtime" | "day" | "birthday" | "nightly", deliver: string, repeat: Repeat}} When */

/** @type {When} */
export const NOW = { kind: "now", deliver: "now", repeat: "" };
/** The server takes none that is further away. */
const MOST_DAYS = 399;
const KINDS = /** @type {const} */ (["now", "bedtime", "nightly", "day", "birthday"]);
const SIGNS = { now: "bell", bedtime: "moon", nightly: "moon", day: "calendar", birthday: "" };

/** @param {When} when */
export const whenText = ({ kind, deliver }) =>
  t(`phone.messages.when.${kind}_short`, { day: kind === "day" || kind === "birthday" ? dayLabel(deliver) : "" });

/** "Thu 11/26" @param {string} day */
function dayLabel(day) {
  const { name, date } = weekday(`${day}T12:00:00Z`, "UTC");
  return `${name} ${date}`;
}

/** @param {When} chosen @param {(when: When) => void} choose */
export function openWhen(chosen, choose) {
  const today = Math.floor(serverNow() / DAY);
  const named = chosen.kind === "day" || chosen.kind === "birthday" ? chosen.deliver : "";
  const day = h("input", {
    class: "field__input", type: "date", name: "day", value: named, min: dayText(today), max: dayText(today + MOST_DAYS),
  }); // prettier-ignore
  const said = h("p", { class: "field__error", role: "status" });
  const field = h("label", { class: "field" }, h("span", { class: "field__label" }, t("phone.messages.when.which_day")), day, said);
  const kinds = KINDS.map((kind) =>
    h(
      "label",
      { class: "choice" },
      h("input", { type: "radio", name: "kind", value: kind, checked: kind === chosen.kind }),
      SIGNS[kind] ? icon(SIGNS[kind]) : sign("cake"),
      h("span", {}, t(`phone.messages.when.${kind}`)),
    ),
  );
  const kindOf = () =>
    /** @type {When["kind"]} */ (dialog.querySelector(/** @type {"input"} */ ("input[name=kind]:checked"))?.value ?? "now");
  const show = () => (field.hidden = kindOf() !== "day" && kindOf() !== "birthday");
  const dialog = openDialog(
    t("phone.messages.when.title"),
    [h("fieldset", { class: "choices" }, kinds), field],
    [
      button("close", "btn btn--quiet", null, t("common.close")),
      button("choose", "btn btn--primary", "check", t("phone.messages.when.choose")),
    ],
    {},
  );
  dialog.addEventListener("input", show);
  dialog.querySelector("[data-act=choose]")?.addEventListener("click", () => {
    const kind = kindOf();
    const isWrong = !field.hidden && !(day.value && day.checkValidity());
    said.textContent = isWrong ? t("phone.messages.when.no_day") : "";
    if (isWrong) return;
    dialog.close();
    choose(whenOf(kind, day.value));
  });
  show();
  dialog.scrollTop = 0;
}

/** @param {When["kind"]} kind @param {string} day @returns {When} */
function whenOf(kind, day) {
  if (kind === "day") return { kind, deliver: day, repeat: "" };
  if (kind === "birthday") return { kind, deliver: day, repeat: "yearly" };
  if (kind === "nightly") return { kind, deliver: "bedtime", repeat: "daily" };
  return { kind, deliver: kind, repeat: "" };
}
