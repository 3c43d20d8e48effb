/** What this phone has to send goes on its way while any page of it is open, for whoever is signed in. */
import { hasText, t } from "../core/texts.js";
import { toast, words } from "../ui/dom.js";
import { wipe } from "../voice/cache.js";
import { Courier } from "../voice/courier.js";
import { heard } from "../voice/outbox.js";
import { onrefusal } from "../voice/photo_way.js";

/** @typedef {import("../phone.js").Phone} Phone */

const FACE = "phone";
/** @type {{owner: string, courier: Courier} | null} */
let current = null;
let isWatching = false;
/** @type {Set<() => void>} */
const arrivals = new Set();

/** @param {Phone} phone @returns {{owner: string, face: string}} */
export const senderOf = ({ live }) => ({ owner: live.view.now?.me?.id ?? "", face: FACE });

/** Begins, for whoever is here now: nobody's messages leave under another name. @param {Phone} phone */
export function sending(phone) {
  const sender = senderOf(phone);
  if (phone.calling.seat?.isHere) sender.owner = ""; // a call has the link for itself
  if (!isWatching) phone.live.subscribe(({ error }) => (error?.status === 401 ? forget() : sending(phone)));
  if (!isWatching) onrefusal(tellBehind);
  isWatching = true;
  if (current?.owner !== sender.owner) {
    current?.courier.stop();
    current = sender.owner ? { owner: sender.owner, courier: new Courier(phone.live.api, sender, arrived) } : null;
  }
  return current?.courier;
}

/** A photo stays behind, and its message goes without it. @param {string} code why */
async function tellBehind(code) {
  await words("common.voice");
  const key = `common.voice.photo_${code}`;
  toast("bad", t(hasText(key) ? key : "common.voice.photo_behind"));
}

/** Nobody is signed in: nothing leaves, and nothing that was fetched to be heard stays. */
function forget() {
  current?.courier.stop();
  if (current) wipe();
  current = null;
}

/** @param {() => void} watcher told when the server has something of ours @returns {() => void} */
export function onarrival(watcher) {
  arrivals.add(watcher);
  return () => void arrivals.delete(watcher);
}

function arrived() {
  for (const watcher of arrivals) watcher();
}

/** @param {Phone} phone @param {string} messageId */
export async function wasHeard(phone, messageId) {
  await heard(messageId, senderOf(phone));
  sending(phone)?.go();
}
