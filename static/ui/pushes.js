/** The switch "tell me by notification here": what holds in this browser, said as it is, and how to mend it. */
import { t } from "../core/texts.js";
import { pushState, tryOut, turnOff, turnOn } from "../net/pushes.js";
import { banner, button, h, icon, sentence } from "./dom.js";
import { makeInstallable } from "./installable.js";
import { openSteady } from "./steady.js";

/** @typedef {import("../net/pushes.js").PushState} PushState */
/** @typedef {{api: import("../net/api.js").Api, face: "phone" | "desk", who: string}} Here `who`: the id of whoever is signed in */

/** @param {Here} here */
export async function openPushes({ api, face, who }) {
  const box = h("div", { class: "dialog__body pushes" }, h("p", { class: "muted" }, t("common.loading")));
  /** @param {PushState} state @param {import("./dom.js").Child[]} more */
  const show = (state, ...more) => {
    if (state === "install") makeInstallable();
    box.replaceChildren(...shown(state), .../** @type {Node[]} */ (more));
    box.dataset.state = state;
  };
  openSteady(t("common.push.title"), box, [button("close", "btn btn--quiet", null, t("common.close"))], {
    "push-on": async () => {
      show(await turnOn(api, face, who));
      return false;
    },
    "push-off": async () => {
      await turnOff(api, face);
      show("off");
      return false;
    },
    "push-trial": async () => {
      await tryOut(api);
      show("on", banner("good", "check", t("common.push.tried")));
      return false;
    },
    "push-look": async () => {
      show(await pushState(api));
      return false;
    },
  });
  try {
    show(await pushState(api));
  } catch (error) {
    const said = sentence(/** @type {import("../net/api.js").ApiError} */ (error));
    box.replaceChildren(h("p", { class: "field__error" }, said), look());
  }
}

const look = () => button("push-look", "btn btn--primary", null, t("common.retry"));

/** @param {PushState} state */
function shown(state) {
  const isOn = state === "on";
  const canTurn = isOn || state === "off";
  return [
    h("p", {}, t("common.push.why")),
    canTurn &&
      h(
        "button",
        {
          class: isOn ? "btn btn--wide" : "btn btn--primary btn--wide",
          type: "button",
          role: "switch",
          "aria-checked": String(isOn),
          "data-act": isOn ? "push-off" : "push-on",
        },
        icon(isOn ? "check" : "bell"),
        t(isOn ? "common.push.turn_off" : "common.push.turn_on"),
      ),
    h("p", { class: "pushes__state" }, h("span", { class: `lamp lamp--${lampOf(state)}` }, t(`common.push.state.${state}`))),
    isOn && button("push-trial", "btn", "bell", t("common.push.try")),
    state === "blocked" && h("p", { class: "muted" }, t("common.push.unblock")),
    (state === "blocked" || state === "unreachable") && look(),
    !isOn && h("p", { class: "muted" }, t("common.push.texts")),
  ].filter((part) => part instanceof Node);
} // prettier-ignore

/** @param {PushState} state */
const lampOf = (state) => (state === "on" ? "on" : state === "off" ? "off" : "wait");
