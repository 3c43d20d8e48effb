/** A style sheet that only a later part needs. */
import { h } from "./dom.js";

const PATIENCE_MS = 3_000;
/** @type {Map<string, Promise<void>>} */
const asked = new Map();

/** Resolves when it stands, or when it would take too long: what it styles must be shown all the same.
 * @param {string} name @param {string} near the address of the module that needs it @returns {Promise<void>} */
export function sheet(name, near) {
  const { href } = new URL(name, near);
  const known = asked.get(href);
  if (known) return known;
  const link = h("link", { rel: "stylesheet", href });
  document.head.append(link);
  /** @type {Promise<void>} */
  const standing = new Promise((done) => {
    for (const turn of ["load", "error"]) link.addEventListener(turn, () => done(), { once: true });
    setTimeout(done, PATIENCE_MS);
  });
  asked.set(href, standing);
  return standing;
}
