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

  // A finger that goes to the middle of what is touched meets it, wherever that is in sight and nothing scrolls below a bar.
  const staysAbove = (met) => {
    for (let up = met; up && up !== document.body; up = up.parentElement) if (/sticky|fixed/.test(getComputedStyle(up).position)) return true;
    return false;
  };
  // A question instead of everything else.
  const fillsScreen = (met, place) => {
    for (let up = met; up && !up.contains(place); up = up.parentElement) {
      const { width, height } = up.getBoundingClientRect();
      if (width >= innerWidth && height >= innerHeight) return true;
    }
    return false;
  };
  const isInSight = (place, across, down) => {
    if (across < 0 || down < 0 || across >= innerWidth || down >= innerHeight) return false;
    for (let up = place.parentElement; up && up !== document.body; up = up.parentElement) {
      if (getComputedStyle(up).overflow === "visible") continue;
      const { left, right, top, bottom } = up.getBoundingClientRect();
      if (across < left + 2 || across > right - 2 || down < top + 2 || down > bottom - 2) return false;
    }
    return true;
  };
  const covered = () =>
    [...new Set(all(TOUCHED).map(target))].flatMap((place) => {
      const { left, top, width, height } = place.getBoundingClientRect();
      const [across, down] = [left + width / 2, top + height / 2];
      if (!width || !isInSight(place, across, down)) return [];
      const met = document.elementFromPoint(across, down);
      if (!met || fillsScreen(met, place) || place.contains(met) || met.contains(place) || met.closest("label")?.contains(place) || staysAbove(met)) return [];
      return [`${name(place)} lies under ${name(met)}`];
    });

  // Words end where their place ends: what is touched doesn't let them stick out, and nothing cuts them off, unless a name
  // is shortened on purpose.
  const isShortened = (place) => {
    for (let up = place; up && up !== document.body; up = up.parentElement) if (getComputedStyle(up).textOverflow === "ellipsis") return true;
    return false;
  };
  const hasWords = (place) => [...place.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  const clipped = () =>
    all("*").filter((place) => hasWords(place) && !isShortened(place) && !place.closest(".hidden-text, svg")).flatMap((place) => {
      const around = document.createRange();
      around.selectNodeContents(place);
      const words = around.getBoundingClientRect();
      const found = [];
      for (let up = place; up && up !== document.body; up = up.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(up);
        const box = up.getBoundingClientRect();
        const isTouched = up.matches("button, .btn, summary");
        const isOver = words.left < box.left - 1.5 || words.right > box.right + 1.5;
        const isUnder = words.top < box.top - 3 || words.bottom > box.bottom + 3;
        if (isOver && (isTouched || /hidden|clip/.test(overflowX))) found.push(`wider than ${name(up)}`);
        if (isUnder && (isTouched || /hidden|clip/.test(overflowY))) found.push(`higher than ${name(up)}`);
        if (/auto|scroll/.test(overflowX + overflowY)) break;
      }
      return found.map((why) => `"${place.textContent.trim().slice(0, 60)}" is ${why}`);
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
  return { small, wide, cut, covered, clipped, moves, mirrored: () => inRtl(wide) };
})();
