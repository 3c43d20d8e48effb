/** What texts cost, as people read it. Prices are in 1/10,000 of a currency. Pure. */
const PARTS = 10_000;

/** @param {number} cost @param {string} currency @param {number} [digits] at most */
export function money(cost, currency, digits = 2) {
  const style = { style: /** @type {const} */ ("currency"), currency, maximumFractionDigits: digits, minimumFractionDigits: Math.min(2, digits) };
  return new Intl.NumberFormat(document.documentElement.lang, style).format(cost / PARTS);
} // prettier-ignore

/** "0.045" as a field holds it. @param {number} price */
export const priceText = (price) => String(price / PARTS);

/** What was typed, also with a comma; NaN where it is no price. @param {string} typed */
export function priceOf(typed) {
  const plain = typed.trim().replace(",", ".");
  return /^\d{1,3}(\.\d{1,4})?$/.test(plain) ? Math.round(Number(plain) * PARTS) : NaN;
}
