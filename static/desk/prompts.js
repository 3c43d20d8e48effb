/** What the terminals of the village say, and in whose voice: recorded, listened to, removed; packs out and in. */
import { t } from "../core/texts.js";
import { ApiError, newKey } from "../net/api.js";
import { sentence, stateOf, button, toast, withWords } from "../ui/dom.js";
import { sheet } from "../ui/sheet.js";
import { hush, play } from "../voice/play.js";
import { draftOf, keepDraft } from "./drafts.js";
import { put } from "./fields.js";
import { PromptTakes } from "./prompt_takes.js";
import { promptsHead, promptsPlace, tick } from "./prompts_view.js";

/** @typedef {import("./wire.js").Desk} Desk
 * @typedef {import("./wire.js").DeskNow} DeskNow
 * @typedef {import("./wire.js").PromptsPage} PromptsPage
 * @typedef {import("./wire.js").PromptLine} PromptLine */

const DRAFT = "prompts";
const AS_DESK = { "Homethread-Face": "desk" };
const styled = sheet("prompts.css", import.meta.url);

/** @param {Desk} desk */
export async function openPrompts(desk) {
  await withWords(styled, "common.voice");
  return new PromptsView(desk);
}

export class PromptsView {
  /** @type {PromptsPage | null} */
  page = null;
  /** @type {ApiError | null} */
  #error = null;
  #seen = {};
  #desk;
  takes;
  /** What is being listened to. */
  playing = "";
  /** What can be brought back: ids by the sentence's key. @type {Map<string, string>} */
  removed = new Map();
  /** Why a pack or a region was refused. */
  refusal = "";
  isBusy = false;
  draft = { region: /** @type {string | null} */ (null), pack_for: "village", is_silent_only: false, ...draftOf(DRAFT) };

  /** @param {Desk} desk */
  constructor(desk) {
    this.#desk = desk;
    const now = desk.now();
    const owner = `prompts ${now?.coordinator.id} ${now?.village.id}`;
    this.takes = new PromptTakes(desk, owner, {
      metered: () => tick(this.takes),
      made: (key) => focusOn("prompt-keep", key),
      sent: (key) => this.#wasSent(key),
    });
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "reload-prompts": () => this.load(),
    "prompt-record": ({ dataset }) => this.#record(dataset.prompt ?? ""),
    "prompt-play": ({ dataset }) => this.#listen(dataset.prompt ?? ""),
    "prompt-keep": ({ dataset }) => this.#keep(dataset.prompt ?? ""),
    "prompt-discard": ({ dataset }) => void this.takes.discard(dataset.prompt ?? ""),
    "prompt-remove": ({ dataset }) => this.#remove(dataset.prompt ?? ""),
    "prompt-bring-back": ({ dataset }) => this.#bringBack(dataset.prompt ?? ""),
    "set-region": () => this.#setRegion(),
    "share-prompts": () => this.#share(),
  };

  freshen() {
    const now = this.#desk.now();
    if (!now || now === this.#seen) return;
    this.#seen = now;
    this.load();
  }

  async load() {
    try {
      this.page = await this.#desk.live.api.get("/api/desk/prompts");
      this.#error = null;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#error = error;
    }
    this.#desk.show();
  }

  /** @param {Event} event */
  typed({ target, type }) {
    if (target instanceof HTMLInputElement && target.type === "file") return void (type === "change" && this.#take(target));
    if (!put(this.draft, target)) return;
    keepDraft(DRAFT, this.draft);
    if (type === "change") this.#desk.show();
  }

  /** @param {KeyboardEvent} event */
  pressed({ key }) {
    if (key === "Escape" && this.takes.recording) void this.#record(this.takes.recording);
  }

  view() {
    const { page } = this;
    const retry = button("reload-prompts", "btn btn--primary", null, t("common.retry"));
    if (!page) return [this.#error ? stateOf("error", sentence(this.#error), "", retry) : stateOf("loading", t("common.loading"))];
    const shown = page.places.map((place) => promptsPlace(this, place, page.language)).filter(Boolean);
    return [promptsHead(this, page), ...(shown.length ? shown : [stateOf("empty", t("desk.prompts.none_silent"))])];
  }

  /** @param {string} key @returns {PromptLine | undefined} */
  #lineOf = (key) => this.page?.places.flatMap(({ prompts }) => prompts).find((line) => line.key === key);

  /** @param {string} key */
  async #record(key) {
    hush();
    this.playing = "";
    if (this.takes.recording) await this.takes.stop();
    else await this.takes.start(key);
  }

  /** @param {string} key */
  async #listen(key) {
    const wasPlaying = this.playing;
    hush();
    this.playing = "";
    if (wasPlaying !== key) {
      const recording = await this.#recordingOf(key).catch(() => null);
      if (!recording) return toast("bad", t("common.offline"));
      this.playing = key;
      const end = () => ((this.playing = ""), this.#desk.show());
      play(recording, { onEnd: end, onFail: end });
    }
    this.#desk.show();
  }

  /** What is to be kept, else what is heard now. @param {string} key */
  async #recordingOf(key) {
    const said = this.takes.said.get(key);
    if (said) return new Blob([said.finished.bytes], { type: said.finished.mime });
    const answer = await fetch(this.#lineOf(key)?.url ?? "", { headers: AS_DESK });
    return answer.ok ? answer.blob() : null;
  }

  /** @param {string} key */
  #keep(key) {
    const next = nextOf(key);
    void this.takes.keep(key);
    if (next) focusOn("prompt-record", next);
  }

  /** @param {string} key */
  async #wasSent(key) {
    this.removed.delete(key);
    await this.load();
  }

  /** @param {string} key */
  async #remove(key) {
    const id = this.#lineOf(key)?.prompt_id;
    if (!id || !(await this.#desk.command(`/api/prompts/${id}`, {}, "", { method: "DELETE" }))) return;
    this.removed.set(key, id);
    await this.load();
    focusOn("prompt-bring-back", key);
  }

  /** @param {string} key */
  async #bringBack(key) {
    const id = this.removed.get(key);
    this.removed.delete(key);
    if (id) await this.#desk.command(`/api/prompts/${id}/bring_back`, {}, t("desk.prompts.is_back"));
    await this.load();
    focusOn("prompt-record", key);
  }

  async #setRegion() {
    const body = { region: this.draft.region ?? this.page?.region ?? "" };
    await this.#busy(() => this.#desk.command("/api/village/region", body, t("desk.saved"), this.#refusing));
    this.draft.region = null;
    keepDraft(DRAFT, this.draft);
    await this.load();
  }

  async #share() {
    const told = await this.#busy(() => this.#desk.command("/api/prompts/share", {}, "", this.#refusing));
    if (told) toast("good", t("desk.prompts.shared", told));
  }

  /** @param {HTMLInputElement} input */
  async #take(input) {
    const [file] = input.files ?? [];
    if (!file) return;
    const path = `/api/prompts/pack${this.draft.pack_for === "region" ? "/region" : ""}`;
    const headers = { "Content-Type": "application/zip", "Idempotency-Key": newKey() };
    const told = await this.#busy(async () => {
      const { body } = await this.#desk.live.api.ask(path, { method: "POST", headers, body: await file.arrayBuffer() });
      return body;
    });
    input.value = "";
    if (told) toast("good", t("desk.prompts.taken", told));
    await this.load();
  }

  #refusing = { onerror: (/** @type {ApiError} */ error) => void (this.refusal = sentence(error)) };

  /** @template T @param {() => Promise<T>} run */
  async #busy(run) {
    this.isBusy = true;
    this.refusal = "";
    this.#desk.show();
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.refusal = sentence(error);
      return null;
    } finally {
      this.isBusy = false;
      this.#desk.show();
    }
  }
}

/** @param {string} act @param {string} key */
const focusOn = (act, key) => /** @type {HTMLElement | null} */ (document.querySelector(`[data-act="${act}"][data-prompt="${key}"]`))?.focus();

/** The sentence after this one that this village hasn't recorded. @param {string} key */
function nextOf(key) {
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".prompt")]);
  const at = rows.findIndex(({ dataset }) => dataset.key === key);
  return rows.slice(at + 1).find(({ dataset }) => dataset.speech !== "village")?.dataset.key;
}
