/** Where a photo is added to what was spoken: taken or chosen, looked at, taken off again. */
import { t } from "../core/texts.js";
import { button, h, icon } from "../ui/dom.js";
import { keepWith, keptWith, PhotoError, small } from "../voice/photo.js";
import { StoreError } from "../voice/store.js";

export class PhotoPlace {
  /** Of which take. @type {string | null} */
  #take = null;
  #address = "";
  #isMaking = false;
  /** @type {PhotoError["kind"] | "full" | null} */
  #trouble = null;
  /** Asks the phone for a file; kept, since some browsers forget one that stands nowhere. @type {HTMLInputElement | null} */
  #asking = null;
  #redraw;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.#redraw = redraw;
  }

  /** @type {import("../ui/dom.js").Acts} */
  acts = {
    "photo-take": () => this.#ask(true),
    "photo-choose": () => this.#ask(false),
    "photo-remove": () => this.#keep(null),
  };

  /** The take that is in review now, if any. @param {string | null} take */
  meet(take) {
    if (take === this.#take) return;
    this.#take = take;
    this.#trouble = null;
    this.#show(null);
    if (take) void this.#find(take);
  }

  view() {
    return h(
      "div",
      { class: "photo-place", "aria-busy": String(this.#isMaking) },
      this.#trouble && h("p", { class: "photo-place__trouble", role: "alert" }, icon("warning", "s"), t(`phone.messages.photo_${this.#trouble}`)),
      this.#address
        ? [
            h("img", { class: "photo-place__photo", src: this.#address, alt: t("phone.messages.photo") }),
            button("photo-remove", "btn btn--small btn--quiet", "close", t("phone.messages.photo_remove")),
          ]
        : [
            button("photo-take", "btn btn--small btn--quiet", "camera", t("phone.messages.photo_take")),
            button("photo-choose", "btn btn--small btn--quiet", "plus", t("phone.messages.photo_choose")),
          ],
    );
  } // prettier-ignore

  /** @param {boolean} isTaken by the camera, now */
  #ask(isTaken) {
    const asking = h("input", { type: "file", accept: "image/*", capture: isTaken && "environment" });
    asking.addEventListener("change", () => asking.files?.[0] && this.#make(asking.files[0]));
    this.#asking = asking;
    this.#asking.click();
  }

  /** @param {File} file */
  async #make(file) {
    const take = this.#take;
    if (!take || this.#isMaking) return;
    this.#isMaking = true;
    this.#trouble = null;
    this.#redraw();
    try {
      await this.#keep(await small(file));
    } catch (error) {
      if (!(error instanceof PhotoError)) throw error;
      this.#trouble = error.kind; // what was spoken goes without it
    } finally {
      this.#isMaking = false;
      this.#redraw();
    }
  }

  /** @param {Blob | null} photo */
  async #keep(photo) {
    const take = this.#take;
    if (!take) return;
    try {
      await keepWith(take, photo);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#trouble = "full";
      return this.#redraw();
    }
    if (take === this.#take) this.#show(photo);
  }

  /** @param {string} take */
  async #find(take) {
    const photo = await keptWith(take);
    if (photo && take === this.#take) this.#show(photo);
  }

  /** @param {Blob | null} photo */
  #show(photo) {
    URL.revokeObjectURL(this.#address);
    this.#address = photo ? URL.createObjectURL(photo) : "";
    if (this.#take) queueMicrotask(this.#redraw);
  }
}
