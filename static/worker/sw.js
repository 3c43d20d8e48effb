/**
 * The service worker: shows what is pushed, opens what a touch on it asks for, and keeps the subscription alive when
 * the browser changes it. One classic script without imports, since old browsers know no others here.
 */

/**
 * What a push brings; `join` is what the place to answer a ring says.
 * @typedef {{id: string | null, title: string, body: string, url: string, tag: string, kind: string, at: string,
 *   urgency: "high" | "normal" | "low", join: string | null}} Pushed
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const FACES = ["phone", "desk"];
/** Safari takes the right to push from whoever gets a push and shows nothing, also while the page is looked at. */
const MUST_SHOW = /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)/.test(navigator.userAgent);

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("push", (event) => event.waitUntil(hear(event.data?.json())));
worker.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
worker.addEventListener("pushsubscriptionchange", (event) =>
  /** @type {ExtendableEvent} */ (event).waitUntil(renew(/** @type {any} */ (event).oldSubscription?.endpoint ?? null)),
);

/** A page that is looked at rings by itself. @param {Pushed} said */
async function hear(said) {
  const seen = (await pagesFor(said.url)).filter(({ visibilityState }) => visibilityState === "visible");
  for (const page of seen) page.postMessage({ type: "pushed", kind: said.kind });
  const isSeen = Boolean(seen.length && said.id);
  if (!isSeen || MUST_SHOW) await show(said, isSeen);
  if (isSeen) await read(said);
}

/** @param {Pushed} said @param {boolean} silent */
function show({ title, body, tag, at, urgency, join, ...rest }, silent) {
  const isRing = urgency === "high" && Boolean(join);
  /** @type {NotificationOptions & Record<string, unknown>} */
  const options = {
    body,
    tag,
    timestamp: Date.parse(at),
    renotify: urgency !== "low" && !silent,
    requireInteraction: isRing,
    silent,
    data: rest,
    actions: join ? [{ action: "join", title: join }] : [],
    vibrate: isRing && !silent ? [400, 200, 400, 200, 400] : undefined,
  };
  return worker.registration.showNotification(title, options);
}

/** One touch: the page that is there, or a new one. @param {Notification} notification */
async function open(notification) {
  /** @type {Pushed} */
  const said = notification.data;
  notification.close();
  const [page] = await pagesFor(said.url);
  const focused = await page?.focus().catch(() => null);
  if (focused) focused.postMessage({ type: "open", url: said.url });
  else await worker.clients.openWindow(said.url);
  await read(said);
}

/** Pages of the face that an address is of, the one that was used last in front. @param {string} url */
async function pagesFor(url) {
  const { pathname } = new URL(url, worker.location.origin);
  const pages = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  return pages.filter((page) => new URL(page.url).pathname === pathname);
}

/** No text need follow. @param {Pushed} said */
async function read({ id, url }) {
  if (!id || !url.startsWith("/phone")) return;
  await ask("phone", "/api/notices/read", { ids: [id] }, `read ${id}`).catch(() => {}); // offline: then a text follows
}

/** The browser gave up the old subscription. Each face that had it gets the new one. @param {string | null} replaces */
async function renew(replaces) {
  for (const face of FACES) {
    const { is_on, public_key } = await ask(face, "/api/push");
    if (!is_on || !public_key) continue;
    const key = { userVisibleOnly: true, applicationServerKey: public_key };
    const { endpoint, keys } = (await worker.registration.pushManager.subscribe(key)).toJSON();
    await ask(face, "/api/push", { endpoint, ...keys, replaces }, `renewed ${Date.now()} ${face}`);
  }
}

/**
 * A question, or with a body a command. @param {string} face @param {string} path @param {object} [body]
 * @param {string} [key] @returns {Promise<any>}
 */
async function ask(face, path, body, key = "") {
  const headers = { "Homethread-Face": face, "Content-Type": "application/json", "Idempotency-Key": key };
  const asked = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const answer = await fetch(path, asked);
  return answer.ok ? answer.json() : {};
}
