/** How the place looks where one says one's own name: one button to speak into, then what was said, to be heard and used. */
import { t } from "../core/texts.js";
import { banner, button, h, icon, photo, sentence } from "../ui/dom.js";
import { sign, signButton } from "../voice/waveform.js";
import { partners } from "./home.js";
import { LONGEST_MS } from "./own_name.js";

/** @typedef {import("../core/wire.js").Now} Now */
/** @typedef {import("./own_name.js").NamePage} NamePage */

/** @param {NamePage} page @param {Now} now */
export function nameScreen(page, now) {
  const { finished, error, trouble, removed } = page;
  const isKept = Boolean(now.me?.recorded_name);
  const isReview = finished && page.phase === "idle"; // else it is said anew
  const names = new Intl.ListFormat(document.documentElement.lang).format([...new Set(partners(now).map(({ name }) => name))]);
  return h(
    "section",
    { class: "screen own-name", "data-state": finished ? "review" : isKept ? "kept" : "none" },
    h(
      "header",
      { class: "bar" },
      h(
        "button",
        { class: "btn btn--quiet btn--icon", type: "button", "data-act": "name-back", "aria-label": t("common.back") },
        icon("arrow-start"),
      ),
      h("h1", { class: "bar__title" }, t("phone.name.title")),
    ),
    h(
      "div",
      { class: "screen__body screen__body--middle" },
      now.me && h("div", { class: "settings__me" }, photo(now.me, "l")),
      h("p", {}, t("phone.name.text", { names })),
      error && banner("bad", "warning", `${sentence(error)} ${finished ? t("phone.name.still_here") : ""}`.trim()),
      trouble && banner("bad", "microphone-off", `${t(`common.voice.trouble.${trouble}`)}. ${t(`common.voice.trouble_text.${trouble}`)}`),
      h("div", { class: "voice", "data-phase": page.phase, "data-key": isReview ? "review" : "speak" }, isReview ? review(page) : speak(page, isKept)),
      removed && undoBar(page),
    ),
    isReview && h("footer", { class: "actions", "data-key": "review" }, deeds(page)),
  );
}

/** @param {NamePage} page @param {boolean} isKept */
function speak(page, isKept) {
  const { phase, wasEmpty } = page;
  const isOn = phase === "recording";
  const label = isOn ? "common.voice.stop" : phase === "asking" ? "common.voice.asking" : isKept ? "phone.name.again" : "phone.name.record";
  const isBusy = phase === "asking" || phase === "closing";
  return [
    h(
      "button",
      { class: "voice__button", type: "button", "data-act": "name-record", "aria-label": t(label), "aria-pressed": String(isOn), "aria-busy": String(isBusy) },
      isOn ? sign("stop") : icon("microphone"),
    ),
    h("p", { class: "voice__line", role: "status" }, t(wasEmpty && !isOn ? "common.voice.empty" : label)),
    isOn && h("progress", { max: LONGEST_MS, value: page.duration_ms, "aria-label": t("phone.name.title") }),
    isKept &&
      phase === "idle" &&
      h(
        "div",
        { class: "voice__deeds", "data-key": "kept" },
        listen(page),
        signButton("name-remove", "btn btn--quiet", "bin", t("phone.name.remove"), { "aria-busy": page.busy === "remove" }),
      ),
  ];
}

/** @param {NamePage} page */
const review = (page) => [
  page.finished?.is_silent && h("p", { class: "voice__note" }, t("common.voice.silent")),
  listen(page),
];

/** @param {NamePage} page */
const deeds = ({ busy }) => [
  button("name-use", "btn btn--primary btn--wide", "check", t("phone.name.use"), { "aria-busy": busy === "use" }),
  button("name-record", "btn", "microphone", t("phone.name.again")),
  signButton("name-discard", "btn btn--quiet", "bin", t("common.voice.discard")),
];

/** @param {NamePage} page */
const listen = ({ isPlaying, busy }) =>
  signButton("name-play", "btn", isPlaying ? "pause" : "play", t(isPlaying ? "common.voice.pause" : "common.voice.play"), {
    "aria-busy": busy === "play",
    "data-key": "listen",
  });

/** @param {NamePage} page */
const undoBar = ({ busy }) =>
  h(
    "p",
    { class: "voice__undo", "data-kind": "discarded", role: "status" },
    h("span", {}, t("phone.name.removed")),
    signButton("name-undo", "btn btn--small", "undo", t("common.voice.undo"), { "aria-busy": busy === "undo" }),
  );
