/**
 * What this phone was told last, sealed, so that it opens without a network and says what it knows. Who signs out, here or
 * from afar, takes it along.
 */
import { ms, now as serverNow, setServerTime } from "../core/time.js";
import * as known from "../voice/known.js";
import { StoreError } from "../voice/store.js";

/** @typedef {import("../net/live.js").Live} Live */

const CALM_MS = 2_000;

/** Shows it, as long as nobody answers. @param {Live} live */
export async function recall(live) {
  const last = await known.recallPhone().catch(told);
  if (!last || live.view.now) return;
  const here_ms = Date.now();
  setServerTime(here_ms + last.offset_ms, here_ms, here_ms);
  const calls = last.now.calls.filter(({ state, ends_at }) => state === "ended" || ms(ends_at) > serverNow());
  live.remember({ ...last.now, calls });
}

/** From now on keeps what is told. @param {Live} live */
export function keepUp(live) {
  let timer = 0;
  const look = () => {
    const { now, reach, error } = live.view;
    if (timer || reach !== "online" || !now?.me || error) return;
    timer = window.setTimeout(async () => {
      timer = 0;
      const { now: last, error: refused } = live.view;
      if (!last?.me || refused?.status === 401) return;
      localStorage["homethread.cache"] = "1"; // a phone whose door is shut knows by it that something has to go
      await known.keepPhone(last).catch(told);
    }, CALM_MS);
  };
  live.subscribe(look);
  look();
}

/** A device that keeps nothing still works with a network. @param {unknown} error */
function told(error) {
  if (!(error instanceof StoreError)) throw error;
  console.info("nothing is kept here:", error.message);
}
