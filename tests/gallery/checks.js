// What is asked of a screen that stands, beside axe-core. Each answers with what is wrong, in words.
globalThis.checks = (() => {
  const TOUCHED = "button, a[href], input:not([type=hidden]), select, textarea, summary, [data-act]";
  const name = (place) => place.outerHTML.replace(/\s+/g, " ").slice(0, 130);
  const roots = () => {
    const dialogs = [...document.querySelectorAll("dialog[open]")];
    return dialogs.length ? dialogs : [document.body];
  };
  const isSeen = (place) => place.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const all = (selector) => roots().flatMap((root) => [...root.querySelectorAll(selector)]).filter(isSeen);

  // Where a finger has to go: of a hidden choice its label, and of a word in a sentence nothing.
  const target = (place) => (place.matches("input[type=radio], input[type=checkbox], .hidden-text") ? place.closest("label") ?? place : place);
  const small = (least) =>
    [...new Set(all(TOUCHED).map(target))].flatMap((place) => {
      if (place.matches("[disabled], p a")) return [];
      const { width, height } = place.getBoundingClientRect();
      return width && Math.min(width, height) < least - 0.5 ? [`${Math.round(width)} x ${Math.round(height)}: ${name(place)}`] : [];
    });

  const scrolls = (place) => /auto|scroll|hidden|clip/.test(getComputedStyle(place).overflowX);
  const isHeld = (place) => {
    for (let up = place.parentElement; up && up !== document.body; up = up.parentElement) if (scrolls(up)) return true;
    return false;
  };
  // The page doesn't scroll sideways; nothing that says or does something lies beyond an edge, also of what hides it.
  const wide = () => {
    const more = document.scrollingElement.scrollWidth - innerWidth;
    const out = all("button, a[href], input, select, p, h1, h2, h3, time, img").flatMap((place) => {
      const { left, right, width } = place.getBoundingClientRect();
      if (!width || place.closest(".hidden-text, .toasts, [aria-hidden=true]") || place.matches(".hidden-text")) return [];
      const isOut = right > innerWidth + 1 || left < -1;
      return isOut && !isHeld(place) ? [`from ${Math.round(left)} to ${Math.round(right)} of ${innerWidth}: ${name(place)}`] : [];
    });
    const inner = all(".screen__body, .dialog, .family__next, .wall").flatMap((place) =>
      place.scrollWidth > place.clientWidth + 1 ? [`${place.scrollWidth - place.clientWidth} px wider inside: ${name(place)}`] : [],
    );
    return [...(more > 0 ? [`the page is ${more} px too wide`] : []), ...out, ...inner];
  };

  const scrollsDown = (place) => {
    for (let up = place.parentElement; up; up = up.parentElement) if (/auto|scroll/.test(getComputedStyle(up).overflowY)) return up;
    return null;
  };
  // What is touched can be reached: it is on the screen, or is scrolled to, which nothing above the beginning can be.
  const cut = () =>
    [...new Set(all(TOUCHED).map(target))].flatMap((place) => {
      const { top, bottom, height } = place.getBoundingClientRect();
      const up = scrollsDown(place);
      const isOut = up ? top - up.getBoundingClientRect().top + up.scrollTop < -1 : top < -1 || bottom > innerHeight + 1;
      return height && isOut ? [`from ${Math.round(top)} down to ${Math.round(bottom)} of ${innerHeight}: ${name(place)}`] : [];
    });

  const moves = () =>
    document.getAnimations().flatMap((one) => {
      const { duration = 0, iterations = 1 } = one.effect?.getComputedTiming() ?? {};
      return one.playState === "running" && Number(duration) > 0 ? [`${iterations} times ${duration} ms: ${one.animationName ?? ""} ${name(one.effect.target)}`] : [];
    });

  const inRtl = (ask) => {
    document.documentElement.dir = "rtl";
    const found = ask();
    document.documentElement.removeAttribute("dir");
    return found;
  };
  return { small, wide, cut, moves, mirrored: () => inRtl(wide) };
})();
