/** Two of the family talk now, and whoever looks may come in. */
import { t } from "../core/texts.js";
import { button, h, icon, pair } from "../ui/dom.js";

/** @param {import("../core/wire.js").Call} call @param {import("../core/wire.js").Now} now */
export function theyTalk(call, now) {
  const isAsked = call.guests?.some(({ id, is_asked }) => is_asked && id === now.me?.id);
  const key = isAsked ? "asked_in" : call.state === "live" ? "they_talk" : "they_ring";
  return h(
    "article",
    { class: "card card--lit next-call", "data-key": `guest ${call.id}`, "data-call-id": call.id, "data-side": "guest" },
    pair(call.state === "live" ? "live" : "waiting", [call.parent, call.child]),
    h("h2", { class: "card__title" }, isAsked && icon("bell"), t(`phone.extra.${key}`)),
    h("p", { class: "card__text" }, `${call.parent.name} · ${call.child.name}`),
    button("join", "btn btn--go btn--wide", "phone-call", t("phone.extra.join_them"), { "data-call-id": call.id }),
  );
}
