/** What the desk offers to choose from when it writes somebody down: languages, and zones where people work. */
import { now as serverNow } from "../core/time.js";
import { zones } from "./wallclock.js";

const LANGUAGES = ["zh-CN", "en"]; // those that the server has texts in

/** @returns {[string, string][]} each by its own name, without its country */
export const languages = () =>
  LANGUAGES.map((tag) => [tag, new Intl.DisplayNames(tag, { type: "language" }).of(tag.split("-")[0]) ?? tag]);

/** @param {import("./wire.js").Desk} desk @param {string} known */
export const zoneChoices = (desk, known) => zones(desk.now()?.village.zone ?? "UTC", known, serverNow());
