/** The page on the home screen: by what the browser offers, or by words that say where its menu has it. */
import { t } from "../core/texts.js";
import { button, h, openDialog, toast } from "../ui/dom.js";
import { makeInstallable } from "../ui/installable.js";

/** It was opened from there. */
export const isInstalled = () => matchMedia("(display-mode: standalone)").matches || "standalone" in navigator && Boolean(navigator.standalone); // prettier-ignore

/** @param {import("../phone.js").Phone} phone */
export async function install(phone) {
  makeInstallable();
  const { installing } = await import("./staying.js");
  const { offer } = installing;
  if (offer) {
    installing.offer = null; // good for one time
    const { outcome } = await offer.prompt();
    return outcome === "accepted" && toast("good", t("phone.settings.installed"));
  }
  const isApple = /iPhone|iPad/.test(navigator.userAgent);
  const isInside = /MicroMessenger/.test(navigator.userAgent);
  const key = isInside ? "install_inside" : isApple ? "install_apple" : "install_menu";
  openDialog(
    t("phone.settings.install"),
    [h("p", {}, t(`phone.settings.${key}`)), h("p", { class: "muted" }, phone.live.view.now ? `${location.origin}/phone` : "")],
    [button("close", "btn btn--primary", null, t("common.close"))],
    {},
  );
} // prettier-ignore
