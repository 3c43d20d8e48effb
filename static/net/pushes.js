/**
 * Whether this browser can be told by pushes and is, and turning it on and off. Nobody is ever asked for permission
 * unless they touch the switch. How it looks is not decided here.
 */
import { ApiError } from "./api.js";
import { registerWorker } from "./worker.js";

/** @typedef {import("./api.js").Api} Api */
/**
 * `insecure`: no https; `install`: iPhones push to installed pages alone; `impossible`: the browser can't; `no_key`,
 * `village`: not to be had from here; `blocked`: the browser was told never to; `unreachable`: its push service is not
 * to be reached.
 * @typedef {"insecure" | "install" | "impossible" | "no_key" | "village" | "blocked" | "unreachable" | "off" | "on"} PushState
 */

const WANTED = "homethread.push"; // per face: for whom it was switched on in this browser
const FACES = ["phone", "desk"];

/** What there is, without asking for anything. Rejects with ApiError. @param {Api} api @returns {Promise<PushState>} */
export async function pushState(api) {
  const hindrance = hindered();
  if (hindrance) return hindrance;
  const { is_on, public_key, why } = await api.get("/api/push");
  if (!public_key) return why;
  if (Notification.permission === "denied") return "blocked";
  return is_on && Notification.permission === "granted" && (await subscription()) ? "on" : "off";
}

/** @returns {PushState | null} */
function hindered() {
  if (!isSecureContext) return "insecure";
  const canPush = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
  if (canPush) return null;
  const isApple = /iPhone|iPad/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && "ontouchend" in document);
  return isApple && !matchMedia("(display-mode: standalone)").matches ? "install" : "impossible";
}

/**
 * By a touch of the person themselves, since the browser may ask. Rejects with ApiError.
 * @param {Api} api @param {string} face @param {string} who the id of whoever is signed in @returns {Promise<PushState>}
 */
export async function turnOn(api, face, who) {
  if ((await Notification.requestPermission()) !== "granted") {
    return Notification.permission === "denied" ? "blocked" : "off";
  }
  const { public_key, why } = await api.get("/api/push");
  if (!public_key) return why;
  const made = await subscribed(public_key);
  if (!made) return "unreachable";
  await tell(api, made);
  want(face, who);
  return "on";
}

/** Here, not elsewhere. Rejects with ApiError. @param {Api} api @param {string} face */
export async function turnOff(api, face) {
  const made = await subscription();
  if (made) await api.command("/api/push/end", { endpoint: made.endpoint });
  await drop(face);
}

/** Whoever signs out leaves no notices for others behind; the server ends the subscription by itself. @param {string} face */
export async function drop(face) {
  want(face, null);
  if (!FACES.some(wantedBy)) await (await subscription())?.unsubscribe().catch(() => false);
}

/**
 * Where it was switched on before, it goes on: under a new session, a new key of the server's, a new subscription of
 * the browser's. Never for anybody else. Rejects with ApiError.
 * @param {Api} api @param {string} face @param {string} who @returns {Promise<boolean>} whether it is on
 */
export async function goOn(api, face, who) {
  if (wantedBy(face) !== who || hindered() || Notification.permission !== "granted") return false;
  const { is_on, public_key } = await api.get("/api/push");
  const standing = await subscription();
  if (is_on && standing && isOfKey(standing, public_key)) return true;
  const made = public_key && (await subscribed(public_key));
  if (made) await tell(api, made);
  return Boolean(made);
}

/** @param {Api} api */
export const tryOut = (api) => api.command("/api/push/trial");

/** @param {Api} api @param {PushSubscription} made */
function tell(api, made) {
  const { endpoint, keys } = made.toJSON();
  return api.command("/api/push", { endpoint, ...keys });
}

/** @returns {Promise<PushSubscription | null>} */
async function subscription() {
  const registration = "serviceWorker" in navigator ? await navigator.serviceWorker.getRegistration("/") : null;
  return registration?.pushManager?.getSubscription() ?? null;
}

/** A subscription with this key; null where the browser's push service does not answer. @param {string} key */
async function subscribed(key) {
  try {
    await registerWorker();
    const { pushManager } = await navigator.serviceWorker.ready;
    const standing = await pushManager.getSubscription();
    if (standing && isOfKey(standing, key)) return standing;
    await standing?.unsubscribe();
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch (error) {
    console.info("no subscription:", /** @type {Error} */ (error).message);
    return null;
  }
}

/** @param {PushSubscription} standing @param {string | null} key */
function isOfKey({ options: { applicationServerKey } }, key) {
  if (!applicationServerKey || !key) return false;
  const said = btoa(String.fromCharCode(...new Uint8Array(applicationServerKey)));
  return said.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "") === key;
}

/** @param {string} face @returns {string | null} */
function wantedBy(face) {
  try {
    return localStorage.getItem(`${WANTED}.${face}`);
  } catch {
    return null; // forbidden: then it is switched on anew for each session
  }
}

/** @param {string} face @param {string | null} who */
function want(face, who) {
  try {
    if (who) localStorage.setItem(`${WANTED}.${face}`, who);
    else localStorage.removeItem(`${WANTED}.${face}`);
  } catch {
    // forbidden: then it is switched on anew for each session
  }
}

/** A failure that passes by itself; what is lost by it comes by text. @param {unknown} error */
export function forgive(error) {
  if (!(error instanceof ApiError)) throw error;
}
