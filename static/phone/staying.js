/**
 * What makes a phone's page stay: its files and what it was told last are kept for when there is no network, with the
 * parts that record and send, and it can be put on the home screen. It comes late, so that whoever only glances pays
 * nothing for it, and while no call and no trial of the line wants the link.
 */
import { hasCall } from "../core/busy.js";
import { now, SECOND } from "../core/time.js";
import { withWords } from "../ui/dom.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** What a browser offers that could put the page on the home screen. @typedef {Event & {prompt(): Promise<{outcome: string}>}} Offer */

/** @type {{offer: Offer | null}} */
export const installing = { offer: null };

addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault(); // asked in the settings, and not in the middle of something
  installing.offer = /** @type {Offer} */ (event);
});
addEventListener("appinstalled", () => (installing.offer = null));

const LOOK_MS = 5 * SECOND;

/** @param {Phone} phone */
export async function stay({ live, calling }) {
  const isQuiet = () => {
    const { now: known, reach } = live.view;
    const isWanted = calling.seat || calling.ringing || hasCall(live.view, now()) || live.page === "line";
    return Boolean(known?.me) && reach === "online" && !isWanted;
  };
  while (!isQuiet()) await new Promise((done) => setTimeout(done, LOOK_MS));
  const [{ keepUp }, { makeInstallable }] = await Promise.all([import("./kept.js"), import("../ui/installable.js")]);
  keepUp(live);
  makeInstallable();
  if (!navigator.serviceWorker) return; // over plain http nothing is kept
  await fetchAhead().catch(() => {}); // what didn't come now comes when it is asked for
  await (await import("../voice/offline.js")).keepPage("/phone");
}

/** A message is wanted most where there is no network. */
async function fetchAhead() {
  const { connection } = /** @type {{connection?: {saveData?: boolean}}} */ (/** @type {unknown} */ (navigator));
  if (connection?.saveData) return;
  const { ready } = await withWords(import("./messages.js"), "phone.messages", "common.voice");
  await Promise.all([ready, import("./outbox_page.js"), withWords(import("./settings.js"), "phone.settings")]);
}
