// The screen of a call as the pages' own modules draw it, over a seat that only says how things stand.
globalThis.layout = (() => {
  const TOUCHED = "button, a[href]";
  const person = (name) => ({ id: name, name, photo: null });
  const bytes = { sent: 12_300_000, received: 8_800_000 };
  const SOON = 19 * 60_000;

  const seatOf = ({ rung, step, reason, ending, isArmed, phase = "live" }, at) => ({
    call: {
      id: "call", my_side: "parent", can: ["wrong_person"], parent: person("Aleksandra"), child: person("Bartholomew"),
      starts_at: new Date(at - 60_000).toISOString(), ends_at: new Date(at + SOON).toISOString(),
      live_at: new Date(at - 50_000).toISOString(), talked_seconds: 0,
    },
    phase, hasPicture: Boolean(rung.video), own: { camera: "on", microphone: "on" },
    flow: { rungs: { rung, step, reason, bytes, held: reason === "held" ? rung.name : null, since_ms: performance.now() }, still: null },
    ending: ending ? { note: () => ending } : null,
  });

  /** The sheets of a face, and where its screens stand. */
  async function open(face) {
    Object.assign(document.documentElement.dataset, { face, assets: "" });
    document.body.innerHTML = '<main id="app"></main>';
    const { sheet } = await import("/ui/sheet.js");
    for (const name of ["ui/tokens.css", "ui/elements.css", `${face}.css`]) await sheet(`/${name}`, location.href);
    await import("/ui/rung.js");
    await sheet("/ui/rung.css", location.href);
  }

  async function draw(texts, state) {
    const [{ setTexts }, { callScreen }, { RungView }] = await Promise.all(
      ["core/texts.js", "ui/callscreen.js", "ui/rung.js"].map((name) => import(`/${name}`)),
    );
    const { face } = document.documentElement.dataset;
    setTexts("en", texts);
    const at = Date.now();
    const seat = seatOf(state, at);
    seat.view = new RungView(seat, { view: { now: { face, language: "en", me: { mb_price: { milli: 250, currency: "CNY" } } } } });
    document.getElementById("app").replaceChildren(callScreen(seat, at, { isArmed: Boolean(state.isArmed) }, "Asia/Shanghai"));
  }

  const name = (place) => place.dataset.act || place.className;
  /** Of each place that can be touched, whether a finger on it meets it, also near its edges. */
  const covered = () =>
    [...document.querySelectorAll(TOUCHED)].filter((place) => place.checkVisibility({ checkVisibilityCSS: true })).flatMap((place) => {
      const { left, top, width, height } = place.getBoundingClientRect();
      return [[.5, .5], [.15, .15], [.85, .15], [.15, .85], [.85, .85]].flatMap(([across, down]) => {
        const met = document.elementFromPoint(left + width * across, top + height * down);
        return met && (place.contains(met) || met.contains(place) && !met.matches("section")) ? [] : [`${name(place)} lies under ${met ? name(met) : "the edge"}`];
      });
    });
  return { open, draw, covered: () => [...new Set(covered())] };
})();
