/**
 * The connection between a coordinator's seat and one end of the call, as either of both sees it. The end alone offers
 * it, so that nothing begins before the end shows who is there.
 */
import { readLadder } from "./ladder.js";
import { Peer } from "./peer.js";

/** @typedef {import("../core/wire.js").OtherSeat} OtherSeat */
/** @typedef {import("./peer.js").Kind} Kind */

/** Less than between the two whom the call is for: it is their link. */
const MAX_BITRATE = { audio: 24_000, video: 150_000 };
const FLOWS_MS = 3_500;

export class Line {
  hasSound = false;
  hasPicture = false;
  #peer;
  #onchange;
  #heard_at = -Infinity;
  #seen_at = -Infinity;

  /**
   * @param {import("../net/live.js").Live} live @param {string} call @param {import("../core/wire.js").TakenSeat} mine
   * @param {OtherSeat} other @param {() => void} onchange sound or picture begins or ends
   */
  constructor(live, call, mine, other, onchange) {
    this.seat = other.seat;
    this.#onchange = onchange;
    this.#peer = new Peer({
      iceServers: mine.ice_servers,
      icePolicy: mine.ice_policy,
      isOfferer: other.offerer,
      send: (message) => live.signal({ call, to: other.seat, ...message }),
      onstate: () => {},
      bitrates: MAX_BITRATE,
    });
    this.#peer.watch((seen) => this.#weigh(seen));
  }

  get remote() {
    return this.#peer.remote;
  }

  /** @param {import("../core/wire.js").Signal} signal */
  take(signal) {
    if (signal.from === this.seat) this.#peer.take(signal);
  }

  /** @param {Record<Kind, MediaStreamTrack | null>} tracks */
  share(tracks) {
    this.#peer.setTracks(tracks).catch((error) => console.warn("not sent:", error));
  }

  /** Sends by the rung of the two for whom the call is: it is their link. @param {string | null | undefined} name */
  async setRung(name) {
    const ladder = name ? await readLadder().catch(() => null) : null; // without a network it goes on as it goes
    const rung = ladder?.rungs.find((one) => one.name === name);
    if (rung) await this.#peer.setRung(rung);
  }

  /** Signals may have been lost meanwhile. */
  retry() {
    this.#peer.retry();
  }

  close() {
    this.#peer.close();
  }

  /** @param {import("./peer.js").Seen} seen */
  #weigh({ heard, seen, at }) {
    if (heard) this.#heard_at = at;
    if (seen) this.#seen_at = at;
    const [hasSound, hasPicture] = [at - this.#heard_at < FLOWS_MS, at - this.#seen_at < FLOWS_MS];
    if (hasSound === this.hasSound && hasPicture === this.hasPicture) return;
    [this.hasSound, this.hasPicture] = [hasSound, hasPicture];
    this.#onchange();
  }
}
