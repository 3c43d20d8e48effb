/**
 * Has the browser keep this page and its files, so that it opens without a network too, and send what waits when the page
 * is gone. What is kept is what this page was made of until now; the service worker does it.
 */
import { registerWorker } from "../net/worker.js";

/** Of a page that stands for months the browser itself remembers the first few hundred files alone. @type {Set<string>} */
const loaded = new Set();

new PerformanceObserver((list) => {
  for (const { name } of list.getEntries()) note(name);
}).observe({ type: "resource", buffered: true });

/** Parts that came later are kept by asking again. @param {string} page "/phone", "/terminal"
 * @returns {Promise<boolean>} whether it is being kept; not without https, or where the browser can't */
export async function keepPage(page) {
  if (!navigator.serviceWorker) return false;
  try {
    await registerWorker();
    const { active } = await navigator.serviceWorker.ready;
    for (const { name } of performance.getEntriesByType("resource")) note(name);
    active?.postMessage({ type: "keep", page, files: [...loaded] });
    return Boolean(active);
  } catch (error) {
    console.info("the page is not kept:", /** @type {Error} */ (error).message);
    return false;
  }
}

/** Modules, styles, sentences and pictures of ours. @param {string} address */
function note(address) {
  const ours = new URL(document.documentElement.dataset.assets ?? "/static", location.href).href;
  if (address.startsWith(`${ours}/`)) loaded.add(address.split("#")[0]);
}
