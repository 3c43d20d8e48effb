/**
 * Has the browser keep this page and its files, so that it opens without a network too. What is kept is what this page
 * was made of until now; the service worker does it.
 */

/** Parts that came later are kept by asking again. @param {string} page "/phone", "/terminal"
 * @returns {Promise<boolean>} whether it is being kept; not without https, or where the browser can't */
export async function keepPage(page) {
  if (!navigator.serviceWorker) return false;
  try {
    await navigator.serviceWorker.register("/sw.js");
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage({ type: "keep", page, files: files() });
    return Boolean(active);
  } catch (error) {
    console.info("the page is not kept:", /** @type {Error} */ (error).message);
    return false;
  }
}

/** Modules, styles, sentences and pictures that were loaded. */
function files() {
  const ours = new URL(document.documentElement.dataset.assets ?? "/static", location.href).href;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name.split("#")[0]);
  return [...new Set(loaded.filter((name) => name.startsWith(`${ours}/`)))];
}
