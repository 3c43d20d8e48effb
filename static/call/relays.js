/**
 * Which relays a connection asks: those by UDP, and what worked last on this kind of network; all others only when no
 * way is found by these. Each costs packets on a thin link, TLS the weight of a second of voice. What is sent is not
 * decided here.
 */

/** @typedef {"direct" | "udp" | "tcp" | "tls"} Way how a connection went, with a relay or without */
/** @typedef {{way: Way, at: number}} Kept */

const KEY = "homethread-way:"; // and the kind of network
const KEPT_MS = 14 * 24 * 60 * 60 * 1_000;
const PATIENCE_MS = { offerer: 4_000, answerer: 6_000 };
const LEARN_AGAIN_MS = 1_000;
const FOUND = new Set(["connected", "completed"]);
const ALWAYS = new Set(["stun", "udp"]);

export class Relays {
  #pc;
  #all;
  #timer = 0;

  /** Before anything is gathered. @param {RTCPeerConnection} pc @param {boolean} isOfferer */
  constructor(pc, isOfferer) {
    this.#pc = pc;
    this.#all = pc.getConfiguration().iceServers ?? [];
    const first = narrowed(this.#all, remembered(Date.now()));
    const isNarrower = first.length < this.#all.length || count(first) < count(this.#all);
    if (isNarrower) {
      this.#ask(first);
      const patience_ms = isOfferer ? PATIENCE_MS.offerer : PATIENCE_MS.answerer;
      // on a thin link an answer takes longer than this, and another offer at once would take its room
      const begin = () => {
        if (!pc.remoteDescription) return;
        pc.removeEventListener("signalingstatechange", begin);
        this.#timer = window.setTimeout(() => this.#widen(), patience_ms);
      };
      pc.addEventListener("signalingstatechange", begin);
    }
    pc.addEventListener("connectionstatechange", () => this.#turned());
  }

  /** @param {RTCIceServer[]} iceServers */
  #ask(iceServers) {
    this.#pc.setConfiguration({ ...this.#pc.getConfiguration(), iceServers });
  }

  #widen() {
    const hasPath = FOUND.has(this.#pc.iceConnectionState); // the rest of the way is DTLS, which another path begins anew
    if (hasPath || this.#pc.signalingState === "closed") return;
    this.#ask(this.#all);
    this.#pc.restartIce();
  }

  async #turned() {
    if (this.#pc.connectionState === "failed") return this.#ask(this.#all); // whoever restarts now asks them all
    if (this.#pc.connectionState === "closed") clearTimeout(this.#timer);
    if (this.#pc.connectionState !== "connected") return;
    clearTimeout(this.#timer);
    const way = wayOf(await this.#pc.getStats());
    if (way) return keep({ way, at: Date.now() });
    this.#timer = window.setTimeout(() => this.#turned(), LEARN_AGAIN_MS); // who answered knows the pair a little later
  }
}

/** Those that are asked first, given what worked last. @param {RTCIceServer[]} servers @param {Way | null} way */
export function narrowed(servers, way) {
  const wanted = new Set([...ALWAYS, ...(way === "tcp" || way === "tls" ? [way] : way ? [] : ["tcp"])]);
  const found = servers.flatMap((server) => {
    const urls = [server.urls].flat().filter((url) => wanted.has(transportOf(url)));
    return urls.length ? [{ ...server, urls }] : [];
  });
  return found.some((server) => [server.urls].flat().some((url) => !url.startsWith("stun"))) ? found : servers;
}

/** RFC 7065: `turns` is TLS, `turn` is UDP unless it says otherwise. @param {string} url */
function transportOf(url) {
  if (url.startsWith("stun")) return "stun";
  if (url.startsWith("turns:")) return "tls";
  return url.includes("transport=tcp") ? "tcp" : "udp";
}

/** @param {RTCIceServer[]} servers */
const count = (servers) => servers.reduce((sum, { urls }) => sum + [urls].flat().length, 0);

/** @param {RTCStatsReport} report @returns {Way | null} */
function wayOf(report) {
  const parts = /** @type {any[]} */ ([...report.values()]);
  const used = parts.find(({ type }) => type === "transport")?.selectedCandidatePairId;
  const near = report.get(report.get(used)?.localCandidateId);
  return !near ? null : near.candidateType === "relay" ? near.relayProtocol : "direct";
}

/** The kind of network, where the browser tells: a way out of the factory's Wi-Fi is none out of the phone's. */
const network = () => /** @type {any} */ (navigator).connection?.type ?? "any";

/** @param {number} now @returns {Way | null} */
function remembered(now) {
  try {
    /** @type {Kept | null} */
    const kept = JSON.parse(localStorage.getItem(KEY + network()) ?? "null");
    return kept && now - kept.at < KEPT_MS ? kept.way : null;
  } catch {
    return null; // no storage here, or somebody else's words in it: it is as if nothing were known
  }
}

/** @param {Kept} kept */
function keep(kept) {
  try {
    localStorage.setItem(KEY + network(), JSON.stringify(kept));
  } catch (error) {
    console.warn("the way is not kept:", error);
  }
}
