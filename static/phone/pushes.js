/**
 * A phone that is told by pushes: a touched one opens its call at once, what came is read when somebody looks, and the
 * subscription goes on.
 */
import { t } from "../core/texts.js";
import { isOpen } from "../core/rings.js";
import { now, SECOND } from "../core/time.js";
import { forgive, goOn } from "../net/pushes.js";
import { toast } from "../ui/dom.js";

/** @typedef {import("../phone.js").Phone} Phone */

const LOOKED_FOR_MS = 15 * SECOND; // a new page over a thin link
const CALL = /#call=(\w+)$/;

/** @param {Phone} phone */
export function start(phone) {
  navigator.serviceWorker?.addEventListener("message", ({ data }) => {
    if (data.type === "open") open(phone, data.url);
    else phone.live.refresh();
  });
  open(phone, location.hash);
  if (CALL.test(location.hash)) history.replaceState(null, "", location.pathname);
  let isOn = false;
  let whose = "";
  const meet = async () => {
    const { live } = phone;
    const id = live.view.now?.me?.id ?? "";
    if (id === whose) return;
    whose = id;
    isOn = Boolean(id) && (await goOn(live.api, "phone", id).catch(forgive)) === true;
    if (isOn) look(phone);
  };
  phone.live.subscribe(meet);
  meet();
  document.addEventListener("visibilitychange", () => isOn && look(phone));
}

/** What was pushed is seen, and no text need follow. @param {Phone} phone */
async function look({ live }) {
  if (document.hidden) return;
  const registration = await navigator.serviceWorker.getRegistration("/");
  for (const shown of (await registration?.getNotifications()) ?? []) {
    if (shown.data?.url?.startsWith(location.pathname) && shown.data.id) shown.close();
  }
  await live.api.command("/api/notices/read", { ids: null }).catch(forgive);
}

/** @param {Phone} phone @param {string} url */
function open(phone, url) {
  const id = CALL.exec(url)?.[1];
  if (!id) return;
  const { live, calling } = phone;
  const until = performance.now() + LOOKED_FOR_MS;
  const off = live.subscribe(tryIt);
  live.refresh();

  function tryIt() {
    if (live.view.reach !== "online" && performance.now() < until) return;
    const call = calling.calls.find((one) => one.id === id);
    off();
    if (!call || !isOpen(call, now()) || calling.seat?.isHere) return;
    phone.open(null);
    calling.join(call).catch(() => toast("bad", t("common.offline")));
  }
}
