/** Sentences by key, as the page brought them. A key without a sentence shows itself and is told to the console. */

/** @type {Record<string, string>} */
let texts = Object.create(null);
let plural = new Intl.PluralRules("en");

/** @param {string} language @param {Record<string, string>} sentences */
export function setTexts(language, sentences) {
  texts = Object.assign(Object.create(null), sentences);
  plural = new Intl.PluralRules(language);
}

/** Those of a part that comes later. @param {Record<string, string>} sentences */
export const addTexts = (sentences) => void Object.assign(texts, sentences);

/** @param {string} key */
export const hasText = (key) => key in texts;

/** @param {string} key @param {Record<string, string | number>} [params] */
export function t(key, params = {}) {
  if (!hasText(key)) {
    console.error(`no text for ${key}`);
    return key;
  }
  return texts[key].replace(/\{(\w+)\}/g, (hole, name) => String(params[name] ?? hole));
}

/** A sentence with a number in it: `key.one` where the language has a form for one, else `key.other`.
 * @param {string} key @param {number} count @param {Record<string, string | number>} [params] */
export function tn(key, count, params = {}) {
  const form = `${key}.${plural.select(count)}`;
  return t(hasText(form) ? form : `${key}.other`, { count, ...params });
}
