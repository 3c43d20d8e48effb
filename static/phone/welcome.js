/** Right after somebody came in: is it they? And a card that is opened where somebody is signed in already. */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { button, h, openDialog, photo, sentence, toast } from "../ui/dom.js";
import { signOut } from "./leaving.js";

/** @typedef {import("../net/live.js").Live} Live */

/** @param {Live} live @param {() => void} goOn it is they */
export function welcome(live, goOn) {
  const { me } = live.view.now ?? {};
  if (!me) return;
  const dialog = openDialog(
    t("phone.welcome", { name: me.name }),
    [h("div", { class: "settings__me" }, photo(me, "l")), h("p", {}, t("phone.welcome_text", { name: me.name }))],
    [
      button("not-me", "btn btn--quiet", null, t("phone.not_me")),
      button("thats-me", "btn btn--primary", "check", t("phone.thats_me"), { autofocus: true }),
    ],
    { "not-me": () => signOut(live), "thats-me": goOn },
  );
  dialog.scrollTop = 0; // on a low screen the place that has the focus stands below
}

/** Who stays signed in if the card is no good. @param {Live} live @param {string} code @param {() => void} entered */
export function askToChange(live, code, entered) {
  const { me } = live.view.now ?? {};
  if (!me) return;
  const { name } = me;
  openDialog(
    t("phone.change.title"),
    [h("div", { class: "settings__me" }, photo(me, "l")), h("p", {}, t("phone.change.text", { name }))],
    [
      button("close", "btn btn--quiet", null, t("phone.change.stay", { name })),
      button("use-card", "btn btn--primary", "book", t("phone.change.use")),
    ],
    { "use-card": () => change(live, code).then((isIn) => isIn && entered()) },
  );
}

/** @param {Live} live @param {string} code */
async function change(live, code) {
  try {
    await live.api.command("/api/sign_in/invitation", { code });
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    toast("bad", sentence(error));
    return false;
  }
}
