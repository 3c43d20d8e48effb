/** Commands that keep their key until they have an answer, so that another touch goes on with the same one. */
import { ApiError, newKey } from "./api.js";

/** @type {Map<string, string>} */
const unanswered = new Map();

/**
 * Does something once, however often it is asked for until it is answered. Rejects with ApiError.
 * @param {import("./api.js").Api} api @param {string} path @param {object} body
 * @param {() => void} onwait it goes on trying @returns {Promise<any>}
 */
export async function send(api, path, body, onwait) {
  const intent = path + JSON.stringify(body);
  const key = unanswered.get(intent) ?? newKey();
  unanswered.set(intent, key);
  try {
    const answer = await api.command(path, body, { key, onwait });
    unanswered.delete(intent);
    return answer;
  } catch (error) {
    if (!(error instanceof ApiError) || !error.isPassing) unanswered.delete(intent);
    throw error;
  }
}
