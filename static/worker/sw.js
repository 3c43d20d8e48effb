/**
 * The service worker: shows what is pushed, opens what a touch on it asks for, keeps the subscription alive when the
 * browser changes it, and keeps the page itself for when there is no network. One classic script without imports, since
 * old browsers know no others here; where they do, `sending.js` stands beside it.
 */

/**
 * What a push brings; `join` is what the place to answer a ring says.
 * @typedef {{id: string | null, title: string, body: string, url: string, tag: string, kind: string, at: string,
 *   urgency: "high" | "normal" | "low", join: string | null}} Pushed
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));
const FACES = ["phone", "desk"];
/** Pages that are of use without a network. What is in them is the same for everybody who uses that browser. */
const KEPT_PAGES = ["/phone", "/terminal"];
const SHELL = "homethread.shell";
/** A network that says nothing for so long is none. */
const PATIENCE_MS = 8_000;
/** Safari takes the right to push from whoever gets a push and shows nothing, also while the page is looked at. */
const MUST_SHOW = /AppleWebKit/.test(navigator.userAgent) && !/Chrom(e|ium)/.test(navigator.userAgent);

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (event) => {
  if (event.data?.type === "keep") event.waitUntil(keep(event.data.page, event.data.files));
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { pathname, origin } = new URL(request.url);
  if (request.method !== "GET" || origin !== worker.location.origin) return;
  if (request.mode === "navigate" && KEPT_PAGES.includes(pathname)) event.respondWith(page(request, pathname));
  else if (pathname.startsWith("/static/")) event.respondWith(file(request));
});
worker.addEventListener("push", (event) => event.waitUntil(hear(event.data?.json())));
worker.addEventListener("notificationclick", (event) => event.waitUntil(open(event.notification)));
worker.addEventListener("pushsubscriptionchange", (event) =>
  /** @type {ExtendableEvent} */ (event).waitUntil(renew(/** @type {any} */ (event).oldSubscription?.endpoint ?? null)),
);

/** The page as it stands and the files that it is made of, instead of those before. @param {string} page
 * @param {string[]} files */
async function keep(page, files) {
  const shell = await caches.open(`${SHELL} ${page}`);
  const wanted = new Set(files);
  const known = new Set((await shell.keys()).map(({ url }) => url));
  const lacking = files.filter((url) => !known.has(url));
  await Promise.all([...lacking.map((url) => shell.add(url)), shell.add(new Request(page, { cache: "no-cache" }))]);
  const own = new URL(page, worker.location.origin).href;
  for (const url of known) if (!wanted.has(url) && url !== own) await shell.delete(url);
}

/** What the server says, and without it what was kept. @param {Request} request @param {string} page */
async function page(request, page) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  const kept = async () => (await caches.open(`${SHELL} ${page}`)).match(page);
  try {
    const answer = await fetch(request, { signal: stop.signal });
    return (answer.status >= 500 && (await kept())) || answer; // a proxy, whose server is away
  } catch (error) {
    const standing = await kept();
    if (standing) return standing;
    if (stop.signal.aborted) return fetch(request); // it is slow, and there is nothing else
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A file's address changes with what is in it. @param {Request} request */
const file = async (request) => (await caches.match(request)) ?? fetch(request);

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
