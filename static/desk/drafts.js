/** What was typed and not saved yet, for this tab's reloads; whoever signs in next finds nothing of it. */

const PREFIX = "homethread.desk.";
const OWNER = `${PREFIX}owner`;

/** @param {string} name @param {object | null} draft null forgets it */
export function keepDraft(name, draft) {
  try {
    if (draft) sessionStorage.setItem(PREFIX + name, JSON.stringify(draft));
    else sessionStorage.removeItem(PREFIX + name);
  } catch {
    // storage is full or forbidden: a reload then starts empty
  }
}

/** @param {string} name @returns {any} null where there is none */
export function draftOf(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

/** Forgets the drafts of anybody else. @param {string} owner */
export function claimDrafts(owner) {
  try {
    const known = sessionStorage.getItem(OWNER);
    if (known !== null && known !== owner) forgetDrafts();
    sessionStorage.setItem(OWNER, owner);
  } catch {
    // forbidden: then there are none
  }
}

export function forgetDrafts() {
  try {
    for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
  } catch {
    // forbidden: then there are none
  }
}
