/** Lets the terminal speak: what it can say, which voice of this machine stands in, and when the link is free for it. */
import { hasCall } from "../core/busy.js";
import { now } from "../core/time.js";
import { Prompts } from "../ui/prompt.js";
import { keepPage } from "../voice/offline.js";
import { follow, Sentences } from "../voice/prompts.js";
import { Aloud } from "./aloud.js";
import { RingVoice } from "./ring_voice.js";

export { help } from "../ui/prompt.js";

/** @type {Promise<Prompts> | null} */
let started = null;

/** Once, however often it is asked. Resolves when it is known what this device could say before.
 * @param {import("../net/live.js").Live} live @param {import("../ui/calling.js").Calling} calling
 * @param {HTMLElement} main @returns {Promise<Prompts>} */
export const startPrompts = (live, calling, main) => (started ??= start(live, calling, main));

/** @type {typeof startPrompts} */
async function start(live, calling, main) {
  const isQuiet = () => live.view.reach === "online" && !calling.seat && !calling.ringing && !hasCall(live.view, now());
  const sentences = new Sentences(live.api, isQuiet);
  await follow(sentences, live);
  void keepPage("/terminal"); // with these parts
  const prompts = new Prompts(sentences, (changed) => new Aloud(changed), main);
  new RingVoice(live, calling, prompts, main);
  return prompts;
}
