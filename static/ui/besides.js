/**
 * What stands beside a call while a person is in it, each fetched when it is needed first: how the call is carried, that
 * its end comes near, who may be asked in. How these look is not decided here. A guest who may not be there any more leaves.
 */
import { withWords } from "./dom.js";

/** @typedef {import("../call/seat.js").Seat} Seat */

/** Parts on their way. @type {Set<string>} */
const coming = new Set();

/** At each tick. @param {Seat} seat @param {number} at @param {import("./company.js").Ground} ground */
export function look(seat, at, ground) {
  const { call, company, ending, flow, phase, view } = seat;
  if (isUnknown(call, ground.live.view)) return seat.hangUp();
  company?.look();
  const isTalking = phase === "live" || phase === "lost";
  if (isTalking && ending) ending.look(call, at);
  else if (isTalking)
    fetchOnce("ending", withEnding, ({ EndingNote }) => (seat.ending = new EndingNote(ground.sounds)));
  if (flow.rungs && !view) fetchOnce("rung", withRungs, ({ RungView }) => (seat.view = new RungView(seat, ground.live)));
  if (call.guests?.length && !company) fetchOnce("company", withCompany, ({ show }) => show(seat, ground));
}

/** Whose stay as a guest was ended finds no such call: it is told to no page. @param {import("../core/wire.js").Call} call
 * @param {import("../net/live.js").View} view */
const isUnknown = (call, { now, reach }) =>
  call.my_side === "guest" && reach === "online" && now !== null && !now.calls.some(({ id }) => id === call.id);

const withEnding = () => withWords(import("./ending.js"), "common.ending");
const withRungs = () => withWords(import("./rung.js"), "common.rung");
const withCompany = () => withWords(import("./company.js"), "common.company");

/** Where it can't be fetched the next tick tries again. @template P @param {string} name
 * @param {() => Promise<P>} fetched @param {(part: P) => unknown} use */
function fetchOnce(name, fetched, use) {
  if (coming.has(name)) return;
  coming.add(name);
  fetched().then(use, () => {}).finally(() => coming.delete(name)); // prettier-ignore
}
