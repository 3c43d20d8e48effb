/** A photo that was chosen and isn't sent yet: it outlives a reload of this tab, and no longer. */
const KEPT = "homethread.begin.photo";

export class ChosenPhoto {
  /** @type {Blob | null} */
  blob = null;
  address = "";
  #redraw;

  /** @param {() => void} redraw */
  constructor(redraw) {
    this.#redraw = redraw;
  }

  /** @param {Blob | null} blob */
  async keep(blob) {
    this.#show(blob);
    try {
      if (blob) sessionStorage.setItem(KEPT, await dataOf(blob));
      else sessionStorage.removeItem(KEPT);
    } catch {
      // storage is full or forbidden: a reload then asks for it again
    }
  }

  async recall() {
    const kept = sessionStorage.getItem(KEPT);
    if (!kept || this.blob) return;
    const [, mime, base64] = /^data:([\w/]+);base64,(.+)$/.exec(kept) ?? [];
    if (!base64) return;
    this.#show(new Blob([Uint8Array.from(atob(base64), (one) => one.charCodeAt(0))], { type: mime }));
  }

  /** @param {Blob | null} blob */
  #show(blob) {
    URL.revokeObjectURL(this.address);
    this.blob = blob;
    this.address = blob ? URL.createObjectURL(blob) : "";
    this.#redraw();
  }
}

/** @param {Blob} blob @returns {Promise<string>} */
const dataOf = (blob) =>
  new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result));
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(blob);
  });
