/** A style sheet that only a later part needs. */
import { h } from "./dom.js";

const PATIENCE_MS = 3_000;

/** Resolves when it stands, or when it would take too long: what it styles must be shown all the same.
 * @param {string} name @param {string} near the address of the module that needs it @returns {Promise<void>} */
export function sheet(name, near) {
  const link = h("link", { rel: "stylesheet", href: new URL(name, near).href });
  document.head.append(link);
  return new Promise((done) => {
    for (const turn of ["load", "error"]) link.addEventListener(turn, () => done(), { once: true });
    setTimeout(done, PATIENCE_MS);
  });
}
