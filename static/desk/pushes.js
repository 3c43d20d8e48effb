/** A desk that is told by pushes: a touched one opens what it is about, and the subscription goes on. */
import { forgive, goOn } from "../net/pushes.js";

/** @param {import("./wire.js").Desk} desk */
export function start({ live, now }) {
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data.type === "open") location.hash = new URL(data.url, location.origin).hash;
    else live.refresh();
  });
  let whose = "";
  const meet = () => {
    const id = now()?.coordinator.id ?? "";
    if (id === whose) return;
    whose = id;
    if (id) goOn(live.api, "desk", id).catch(forgive);
  };
  live.subscribe(meet);
  meet();
}
