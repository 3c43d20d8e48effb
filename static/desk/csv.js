/** Tables as files that a spreadsheet opens: with a mark of UTF-8, and with nothing that it would take for a formula. */

import { wall } from "../core/time.js";

const FORMULA = /^[=+\-@\t\r]/;
const BYTE_ORDER_MARK = "\uFEFF";

/** @param {(string | number)[][]} rows */
export const toCsv = (rows) => BYTE_ORDER_MARK + rows.map((row) => row.map(cell).join(",") + "\r\n").join("");

/** @param {string | number} value */
function cell(value) {
  if (typeof value === "number") return String(value);
  const harmless = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A wall time as spreadsheets understand it. @param {string | number} instant @param {string} zone */
export function stamp(instant, zone) {
  const { year, month, day, hour, minute } = wall(instant, zone);
  const two = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}`;
}

/** Lets the browser keep a text as a file. @param {string} name @param {string} text */
export function download(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1_000);
}
