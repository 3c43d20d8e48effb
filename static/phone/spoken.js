/** What of a screen is said, in its order: titles, sentences, and what each place to touch is called. */

/** @typedef {{text: string, element: HTMLElement | null}} Piece */

/** Nobody listens to more; what is held says itself. */
const MOST = 12;
const WHOLE = "button, a, label, h1, h2, h3, p, time, legend, [role=status], [role=alert], .tag, .countdown, .row, [role=img]";
/** Said last, or at the edge, or on every screen the same. */
const UNSAID = ":is(.actions, .dialog__actions, .toasts) *, .bar button, .phone-home .bar *, .door .bar *, .begin .bar *";

/** What is said of a screen or a dialog: what can be done last, and always. @param {HTMLElement} root @returns {Piece[]} */
export function piecesOf(root) {
  const actions = [...root.querySelectorAll(".actions, .dialog__actions")].flatMap((part) => inside(part));
  const others = inside(root).filter(({ element }) => !element?.matches(UNSAID));
  return [...others.slice(0, Math.max(MOST - actions.length, 4)), ...actions];
}

/** @param {Element} root @returns {Piece[]} */
function inside(root) {
  return [...root.children].flatMap((element) => {
    if (!(element instanceof HTMLElement) || element.hidden || element.ariaHidden === "true") return [];
    if (!element.matches(WHOLE)) return inside(element);
    const text = labelOf(element);
    return text ? [{ text, element }] : [];
  });
}

/** @param {HTMLElement} element */
export function labelOf(element) {
  const label = element.getAttribute("aria-label") ?? element.innerText;
  const field = /** @type {HTMLInputElement | null} */ (element.matches("label") ? element.querySelector("input, select") : null);
  const typed = field && !["radio", "checkbox", "file"].includes(field.type) ? field.value : "";
  return [label, typed].join(" ").replace(/\s+/g, " ").trim();
}
