/** The card by which somebody gets in: shown once, printed at once, in their own language. Nothing of it is kept. */
import { hasText, t } from "../core/texts.js";
import { button, emblem, h, icon, openDialog } from "../ui/dom.js";

/** @typedef {{family: {emblem: string} | null, desk: import("./wire.js").Desk}} Household
 * @typedef {{name: string, language: string}} Invited
 * @typedef {import("./wire.js").Invitation} Invitation */
/** @typedef {(key: string, params?: Record<string, string>) => string} Say */

const STEPS = { scan: "camera", enter: "house", talk: "phone-call" };

/** @param {Household} home @param {Invited} member @param {Invitation} invitation */
export async function openCard(home, member, invitation) {
  const say = await sayerIn(member.language);
  const print = button("print-card", "btn btn--primary", "print", t("desk.print"));
  const dialog = openDialog(
    t("desk.card_title", { name: member.name }),
    [h("p", { class: "muted" }, t("desk.card_text")), cardOf(home, member, invitation, say)],
    [button("close", "btn btn--quiet", null, t("common.close")), print],
    {},
    "dialog--wide card-dialog",
  );
  dialog.dataset.screen = "card";
  print.addEventListener("click", () => window.print());
  print.focus();
}

/** @param {Household} home @param {Invited} member @param {Invitation} invitation @param {Say} say */
function cardOf(home, member, { code, url, qr_svg, expires_at }, say) {
  const { family } = home;
  const now = home.desk.now();
  const until = new Intl.DateTimeFormat(member.language, { dateStyle: "long", timeZone: now?.village.zone });
  const link = url.split("#")[0];
  return h(
    "article",
    { class: "print-card", lang: member.language, "data-url": url },
    h(
      "header",
      { class: "print-card__head" },
      family && emblem(family.emblem, "m"),
      h("div", {}, h("h3", { class: "print-card__name" }, member.name), h("p", {}, `${say("common.homethread")} · ${now?.village.name ?? ""}`)),
    ),
    h("img", { class: "print-card__qr", src: `data:image/svg+xml;base64,${packed(svgOf(qr_svg))}`, alt: t("desk.card_qr") }),
    h("ol", { class: "print-card__steps" }, Object.entries(STEPS).map(([step, iconId]) => h("li", {}, icon(iconId), h("span", {}, say(`desk.card_step.${step}`))))),
    h("p", { class: "print-card__other" }, say("desk.card_other")),
    h("p", { class: "print-card__link" }, link.replace(/^https?:../, "")),
    h("p", { class: "print-card__code" }, code.replace(/(\d{4})(?=\d)/g, "$1 ")),
    h("p", { class: "print-card__until" }, say("desk.card_until", { date: until.format(Date.parse(expires_at)) })),
  );
} // prettier-ignore

/** A picture by itself needs to say what it is. @param {string} svg */
const svgOf = (svg) => (svg.includes("xmlns=") ? svg : svg.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"'));

/** @param {string} text */
const packed = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** Sentences in the language of whoever gets the card: this very page as they would be given it.
 * @param {string} language @returns {Promise<Say>} */
async function sayerIn(language) {
  if (language === document.documentElement.lang) return t;
  try {
    const page = await fetch("/desk", { credentials: "omit", headers: { "Accept-Language": language } });
    const found = new DOMParser().parseFromString(await page.text(), "text/html").getElementById("texts");
    /** @type {Record<string, string>} */
    const texts = JSON.parse(found?.textContent ?? "{}");
    return (key, params = {}) => texts[key]?.replace(/\{(\w+)\}/g, (hole, name) => params[name] ?? hole) ?? t(key, params);
  } catch {
    return (key, params) => (hasText(key) ? t(key, params) : key);
  }
} // prettier-ignore
