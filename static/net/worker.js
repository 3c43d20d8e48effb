/**
 * The one service worker of this origin, whoever asks for it first: made of modules where the browser knows such workers,
 * for then it sends too. A second address would replace the first, and what is pushed meanwhile may be lost.
 */

/** The same again does nothing. Rejects where there can be none. */
export async function registerWorker() {
  try {
    await navigator.serviceWorker.register("/sw.js?modules", { type: "module" });
  } catch {
    await navigator.serviceWorker.register("/sw.js"); // an older browser
  }
}
