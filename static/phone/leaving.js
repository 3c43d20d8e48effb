/**
 * Signing out on this phone. What somebody said here and didn't send lies sealed and is theirs alone: it goes with them,
 * sent or put away, but never without their word. What was fetched to be heard goes at once.
 */
import { t } from "../core/texts.js";
import { ApiError } from "../net/api.js";
import { drop } from "../net/pushes.js";
import { button, h, openDialog, sentence, toast } from "../ui/dom.js";

/** @typedef {import("../net/live.js").Live} Live */
/** @typedef {import("../phone.js").Phone} Phone */

/** @param {Phone} phone */
export async function askToLeave(phone) {
  const { live } = phone;
  const owner = live.view.now?.me?.id ?? "";
  const outbox = localStorage["homethread.outbox"] ? await import("../voice/outbox.js").catch(() => null) : null;
  const isUnsent = outbox ? await outbox.hasUnsent(owner) : false;
  const stay = button("close", "btn btn--quiet", null, t("phone.settings.stay"));
  if (!isUnsent) {
    const leave = button("leave", "btn btn--danger", "close", t("phone.settings.sign_out"));
    const text = h("p", {}, t("phone.settings.sign_out_text"));
    return openDialog(t("phone.settings.sign_out_title"), [text], [stay, leave], { leave: () => signOut(live) });
  }
  return openDialog(
    t("phone.settings.unsent_title"),
    [h("p", {}, t("phone.settings.unsent_text"))],
    [
      stay,
      button("discard", "btn btn--danger", "close", t("phone.settings.unsent_discard")),
      button("send", "btn btn--primary", "message", t("phone.settings.unsent_send")),
    ],
    {
      send: () => phone.withPart(import("./deeds.js"), ({ deeds }) => deeds(phone).messages?.({})),
      discard: async () => {
        await outbox?.discardAll(owner, live.api);
        await signOut(live);
      },
    },
  );
}

/** @param {Live} live */
export async function signOut(live) {
  try {
    await live.api.command("/api/sign_out");
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return toast("bad", sentence(error));
  }
  toast("good", t("phone.settings.signed_out"));
  await drop("phone");
  await import("../voice/cache.js").then(({ wipe }) => wipe()).catch(() => {}); // what was heard here; else nothing was kept
  await live.leave();
}
