/**
 * What makes a phone's page stay: its files and what it was told last are kept for when there is no network, with the
 * parts that record and send, and it can be put on the home screen. It comes late, so that whoever only glances pays
 * nothing for it.
 */
import { withWords } from "../ui/dom.js";
import { makeInstallable } from "../ui/installable.js";
import { keepPage } from "../voice/offline.js";
import { keepUp } from "./kept.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** What a browser offers that could put the page on the home screen. @typedef {Event & {prompt(): Promise<{outcome: string}>}} Offer */

/** @type {{offer: Offer | null}} */
export const installing = { offer: null };

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // asked in the settings, and not in the middle of something
  installing.offer = /** @type {Offer} */ (event);
});
addEventListener("appinstalled", () => (installing.offer = null));

/** @param {Phone} phone */
export function stay({ live }) {
  keepUp(live);
  const off = live.subscribe(meet);
  async function meet() {
    const { now, reach } = live.view;
    if (!now?.me || reach !== "online") return;
    off();
    makeInstallable();
    if (!navigator.serviceWorker) return; // over plain http nothing is kept
    await fetchAhead().catch(() => {}); // what didn't come now comes when it is asked for
    await keepPage("/phone");
  }
  void meet();
}

/** A message is wanted most where there is no network. */
async function fetchAhead() {
  const { connection } = /** @type {{connection?: {saveData?: boolean}}} */ (/** @type {unknown} */ (navigator));
  if (connection?.saveData) return;
  const { ready } = await withWords(import("./messages.js"), "phone.messages", "common.voice");
  await Promise.all([ready, import("./outbox_page.js"), withWords(import("./settings.js"), "phone.settings")]);
}
