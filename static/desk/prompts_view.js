/** How the page of prompts looks: how many are recorded, the region, packs; then each sentence in the place where it is said. */
import { t } from "../core/texts.js";
import { banner, button, h, icon, parts } from "../ui/dom.js";
import { check, field, form, input, select, submit } from "./fields.js";
import { LONGEST_MS } from "./prompt_takes.js";

/** @typedef {import("./prompts.js").PromptsView} PromptsView
 * @typedef {import("./prompt_takes.js").PromptTakes} PromptTakes
 * @typedef {import("./prompt_takes.js").Said} Said
 * @typedef {import("./wire.js").PromptsPage} PromptsPage
 * @typedef {import("./wire.js").PromptLine} PromptLine */

const NEARLY_MS = LONGEST_MS - 3_000;
const ICONS = /** @type {Record<string, string>} */ ({ village: "check", region: "house", language: "book", none: "speaker" });

/** @param {PromptsView} view @param {PromptsPage} page */
export function promptsHead(view, page) {
  const { draft, isBusy, refusal, takes } = view;
  const busy = { "aria-busy": String(isBusy) };
  const told = t("desk.prompts.progress", { recorded: page.recorded, count: page.count });
  return h(
    "section",
    { class: "part prompts-head", "data-key": "head" },
    h("div", { class: "page-head" }, h("h2", { class: "heading" }, icon("speaker", "s"), t("desk.prompts.title")), h("p", { class: "prompts-head__count" }, told)),
    h("progress", { class: "prompts-head__bar", max: page.count, value: page.recorded, "aria-label": told }),
    h("p", { class: "muted" }, t("desk.prompts.text", { heard: page.heard, silent: page.count - page.heard })),
    check("is_silent_only", draft.is_silent_only, t("desk.prompts.silent_only")),
    form(
      "set-region",
      { class: "inline-form", ...busy },
      field(t("desk.prompts.region"), [
        input("region", draft.region ?? page.region, { maxlength: 40, list: "regions", "aria-describedby": "region-hint" }),
        h("datalist", { id: "regions" }, page.regions.map((value) => h("option", { value }))),
      ]),
      submit("btn", "check", t("desk.save"), busy),
      button("share-prompts", "btn", "arrow-end", t("desk.prompts.share"), { ...busy, disabled: !page.region || !page.recorded }),
      h("p", { class: "field__hint muted prompts-head__hint", id: "region-hint" }, t("desk.prompts.region_hint")),
    ),
    h(
      "div",
      { class: "inline-form" },
      h("a", { class: "btn", href: "/api/prompts/pack?face=desk", download: true, hidden: !page.recorded }, icon("arrow-end", "s"), t("desk.prompts.export")),
      field(t("desk.prompts.import_for"), select("pack_for", draft.pack_for, [["village", t("desk.prompts.for_village")], ["region", t("desk.prompts.for_region")]])),
      field(t("desk.prompts.import"), h("input", { class: "field__input", type: "file", name: "pack", accept: ".zip,application/zip", "data-key": "pack", ...busy })),
    ),
    h("p", { class: "field__error", role: "alert", hidden: !refusal, "data-key": "refusal" }, refusal),
    h("div", { hidden: !takes.trouble, "data-key": "trouble" }, takes.trouble && banner("bad", "microphone-off", `${t(`common.voice.trouble.${takes.trouble}`)}. ${t(`common.voice.trouble_text.${takes.trouble}`)}`)),
  );
} // prettier-ignore

/** @param {PromptsView} view @param {{place: string, prompts: PromptLine[]}} place @param {string} language */
export function promptsPlace(view, { place, prompts }, language) {
  const shown = prompts.filter(({ key, speech }) => !view.draft.is_silent_only || speech !== "village" || view.takes.said.has(key));
  if (!shown.length) return null;
  const own = prompts.filter(({ speech }) => speech === "village").length;
  return h(
    "section",
    { class: "part", "data-key": place, "data-part": place },
    h("h2", { class: "heading" }, t(`desk.prompts.place.${place}`), h("span", { class: "muted" }, ` ${own} / ${prompts.length}`)),
    h("ul", { class: "list" }, shown.map((line) => row(view, line, language))),
  );
}

/** @param {PromptsView} view @param {PromptLine} line @param {string} language */
function row(view, line, language) {
  const { key, said: sentence, text, speech, url } = line;
  const { takes } = view;
  const isRecording = takes.recording === key;
  const said = takes.said.get(key);
  const named = { "data-prompt": key };
  const of = (/** @type {string} */ label) => ({ ...named, "aria-label": `${t(label)}: ${sentence}` });
  return h(
    "li",
    { class: "row prompt", "data-key": key, "data-speech": speech ?? "none", "data-state": isRecording ? "recording" : said?.state },
    icon(ICONS[speech ?? "none"]),
    h(
      "div",
      { class: "row__main" },
      h("p", { class: "row__title", lang: language }, sentence),
      text !== sentence && h("p", { class: "row__text" }, text),
      h("p", { class: "row__text" }, `${t(`desk.prompts.speech.${speech ?? "none"}`)} · ${t("desk.prompts.seconds", { seconds: line.seconds })}`),
    ),
    !said && [
      h("button", { class: `btn btn--small${isRecording ? " btn--danger" : speech === "village" ? "" : " btn--primary"}`, type: "button", "data-act": "prompt-record", "data-key": "record", disabled: Boolean(takes.recording) && !isRecording, ...of(isRecording ? "desk.prompts.stop" : "desk.prompts.record") }, icon(isRecording ? "check" : "microphone", "s"), t(isRecording ? "desk.prompts.stop" : "desk.prompts.record")),
      h("button", { class: "btn btn--small", type: "button", "data-act": "prompt-play", "data-key": "play", hidden: !url || isRecording, "aria-pressed": String(view.playing === key), ...of("desk.prompts.listen") }, icon("speaker", "s")),
      h("button", { class: "btn btn--small btn--quiet", type: "button", "data-act": "prompt-remove", "data-key": "remove", hidden: !line.prompt_id || isRecording, ...of("desk.prompts.remove") }, icon("close", "s")),
    ],
    isRecording && meter(takes),
    said && review(view, key, said),
    takes.empty === key && !isRecording && !said && h("p", { class: "field__error prompt__note", role: "alert" }, t("common.voice.empty")),
    view.removed.has(key) && h("p", { class: "prompt__note", role: "status" }, t("desk.prompts.removed"), " ", button("prompt-bring-back", "btn btn--small", null, t("common.voice.undo"), named)),
  );
} // prettier-ignore

/** @param {PromptTakes} takes */
const meter = (takes) =>
  h(
    "div",
    { class: "prompt__meter", "data-key": "meter", role: "timer" },
    h("span", { class: "prompt__level" }, parts(h("span"), { level: rounded(takes.level) })),
    h("span", { class: "prompt__time", "data-late": takes.duration_ms > NEARLY_MS }, timeOf(takes)),
  );

/** While somebody speaks. @param {PromptTakes} takes */
export function tick(takes) {
  const box = document.querySelector(".prompt__meter");
  const [bar, time] = [box?.querySelector(".prompt__level span"), box?.querySelector(".prompt__time")];
  if (bar instanceof HTMLElement) parts(bar, { level: rounded(takes.level) });
  if (time) time.textContent = timeOf(takes);
}

/** @param {number} level */
const rounded = (level) => Math.round(level * 100) / 100;

/** @param {PromptTakes} takes */
const timeOf = ({ isHearing, duration_ms }) =>
  isHearing ? t("desk.prompts.time", { seconds: Math.floor(duration_ms / 1_000), most: LONGEST_MS / 1_000 }) : t("common.voice.asking");

/** @param {PromptsView} view @param {string} key @param {Said} said */
function review(view, key, { finished, state, why }) {
  const named = { "data-prompt": key };
  const isSending = state === "sending";
  const level = isSending || state === "waits" ? "" : finished.level;
  return h(
    "div",
    { class: "prompt__review", "data-key": "review", "data-level": finished.level },
    level && level !== "good" && h("p", { class: "field__error", role: "alert" }, t(`desk.prompts.level.${level}`)),
    why && h("p", { class: "field__error", role: "alert" }, why),
    h(
      "div",
      { class: "page-head__actions" },
      button("prompt-play", "btn btn--small", "speaker", t("desk.prompts.listen"), { ...named, "aria-pressed": String(view.playing === key) }),
      button("prompt-keep", "btn btn--small btn--primary", "check", t("desk.prompts.keep"), { ...named, "aria-busy": String(isSending) }),
      button("prompt-record", "btn btn--small", "microphone", t("desk.prompts.again"), { ...named, disabled: isSending || Boolean(view.takes.recording) }),
      button("prompt-discard", "btn btn--small btn--quiet", null, t("common.voice.discard"), { ...named, disabled: isSending }),
    ),
  );
} // prettier-ignore
