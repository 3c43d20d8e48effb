/** A dialog that stays until what it asks for is done: it shows that it works, says what failed, and loses nothing. */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { banner, h, listen, openDialog, sentence, toast } from "./dom.js";

/** @typedef {import("./dom.js").Child} Child */
/**
 * Does what a place asks for; `wait` says that it takes longer. The dialog closes then, unless it is false.
 * @typedef {(element: HTMLElement, wait: () => void) => unknown} Step
 */

/** @param {string} title @param {Child} body @param {Child} actions @param {Record<string, Step>} steps
 * @param {string} [extra] */
export function openSteady(title, body, actions, steps, extra = "") {
  const said = h("div", { class: "steady__said", role: "status" });
  const dialog = openDialog(title, [body, said], actions, {}, extra);
  let isBusy = false;
  /** @param {string} text @param {"bad" | "offline"} state */
  const say = (text, state) => {
    if (!dialog.isConnected) return toast("bad", text);
    said.replaceChildren(banner(state, state === "bad" ? "warning" : "link-lost", text));
    said.scrollIntoView({ block: "nearest" });
  };
  /** @param {Step} step @param {HTMLElement} element */
  const run = async (step, element) => {
    if (isBusy) return;
    isBusy = true;
    element.setAttribute("aria-busy", "true");
    said.replaceChildren();
    try {
      const done = await step(element, () => say(t("common.trying_again"), "offline"));
      if (done !== false) dialog.close();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      say(sentence(error), "bad");
    } finally {
      isBusy = false;
      element.removeAttribute("aria-busy");
    }
  };
  /** @type {import("./dom.js").Acts} */
  const acts = {};
  for (const [act, step] of Object.entries(steps)) acts[act] = (place) => void run(step, place);
  listen(dialog, acts);
  dialog.scrollTop = 0; // on a low screen the place that has the focus stands below
  return dialog;
}
