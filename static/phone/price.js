/** What data costs this person, for the meter of a call: said by the megabyte or by the gigabyte, or not known. */
import { t } from "../core/texts.js";
import { send } from "../net/intents.js";
import { button, h, toast } from "../ui/dom.js";
import { openSteady } from "../ui/steady.js";

/** @typedef {import("../phone.js").Phone} Phone */
/** @typedef {import("../core/wire.js").MbPrice} MbPrice */

const MB_IN_GB = 1_000;
const CURRENCIES = ["CNY", "HKD", "MOP", "TWD", "SGD", "MYR", "THB", "VND", "KHR", "LAK", "IDR", "PHP", "KRW", "JPY", "AED", "SAR", "QAR", "ILS", "RUB", "KZT", "INR", "PKR", "ZAR", "EUR", "GBP", "AUD", "USD"]; // prettier-ignore

/** @param {Phone} phone */
export function openPrice(phone) {
  const { now } = phone.live.view;
  const price = now?.me?.mb_price ?? null;
  const fields = fieldsOf(price, now?.language ?? "en");
  const error = h("p", { class: "field__error", role: "alert", hidden: true }, t("phone.settings.price_wrong"));
  openSteady(
    t("phone.settings.price"),
    h("div", { class: "dialog__body" }, h("p", {}, t("phone.settings.price_why")), fields.shown, error),
    [
      button("close", "btn btn--quiet", null, t("common.close")),
      price && button("forget-price", "btn", null, t("phone.settings.price_forget")),
      button("save-price", "btn btn--primary", "check", t("phone.settings.price_save")),
    ],
    {
      "save-price": async (_place, wait) => {
        const milli = milliOf(fields.amount.value, fields.unit.value === "GB");
        error.hidden = milli !== null;
        fields.amount.setAttribute("aria-invalid", String(milli === null));
        if (milli === null) return false;
        return keep(phone, { milli, currency: fields.currency.value }, wait);
      },
      "forget-price": (_place, wait) => keep(phone, { milli: null, currency: null }, wait),
    },
  );
}

/** @param {Phone} phone @param {object} body @param {() => void} wait */
async function keep(phone, body, wait) {
  await send(phone.live.api, "/api/mb_price", body, wait);
  toast("good", t("phone.settings.price_saved"));
  await phone.live.refresh();
}

/** @param {MbPrice | null} price @param {string} language */
function fieldsOf(price, language) {
  const own = price?.currency ?? (language.startsWith("zh") ? "CNY" : "USD");
  const isByGb = price === null || price.milli < 100;
  const amount = h("input", {
    class: "field__input", name: "price", inputmode: "decimal", maxlength: 9, autocomplete: "off",
    value: price ? String(isByGb ? (price.milli * MB_IN_GB) / 1_000 : price.milli / 1_000) : "",
  }); // prettier-ignore
  const names = new Intl.DisplayNames([language], { type: "currency" });
  const currency = h(
    "select",
    { class: "field__input", name: "currency" },
    [...new Set([own, ...CURRENCIES])].map((code) => h("option", { value: code }, `${code} · ${names.of(code)}`)),
  );
  const unit = h(
    "select",
    { class: "field__input", name: "unit" },
    ["GB", "MB"].map((name) => h("option", { value: name, selected: isByGb === (name === "GB") }, t(`phone.settings.price_${name}`))),
  ); // prettier-ignore
  const shown = [field("price_amount", amount), field("price_unit", unit), field("price_currency", currency)];
  return { shown, amount, unit, currency };
}

/** @param {string} name @param {HTMLElement} input */
const field = (name, input) =>
  h("label", { class: "field" }, h("span", { class: "field__label" }, t(`phone.settings.${name}`)), input);

/** 1/1,000 of the currency by the megabyte; null where it is no price. A comma is a point too.
 * @param {string} typed @param {boolean} isByGb */
export function milliOf(typed, isByGb) {
  const plain = typed.trim().replace(",", ".");
  if (!/^\d{1,6}(\.\d{1,4})?$/.test(plain) || !Number(plain)) return null;
  const milli = isByGb ? (Number(plain) * 1_000) / MB_IN_GB : Number(plain) * 1_000;
  return milli >= 0.001 && milli <= 1_000_000 ? milli : null;
}
