/**
 * What this device keeps of voice messages until they are where they belong: IndexedDB `homethread`. Which rows there
 * are and what they mean is decided by those that use a shelf; here stand the shelves, their versions, and what goes
 * wrong with storage.
 */

/**
 * `takes` and `pieces`: what is being recorded; `outbox`: what waits to be sent; `heard`: what was heard here; `cache`:
 * recordings fetched ahead; `known`: what the server said of them; `keys`: what seals all this.
 * @typedef {"takes" | "pieces" | "outbox" | "heard" | "cache" | "known" | "keys"} Shelf
 */

const DATABASE = "homethread";
/** Each version's step makes what the one before lacks. @type {((database: IDBDatabase) => void)[]} */
const STEPS = [
  (database) => {
    database.createObjectStore("takes", { keyPath: "key" });
    database.createObjectStore("pieces", { keyPath: ["take", "nth"] });
    database.createObjectStore("outbox", { keyPath: "key" });
    database.createObjectStore("heard", { keyPath: "message_id" });
    database.createObjectStore("cache", { keyPath: "message_id" });
    database.createObjectStore("keys", { keyPath: "name" });
  },
  (database) => {
    database.createObjectStore("known", { keyPath: "name" });
  },
];

/** `full`: no room is left on the device; `forbidden`: the browser keeps nothing for this page; `broken`: all else. */
export class StoreError extends Error {
  name = "StoreError";

  /** @param {"full" | "forbidden" | "broken"} kind @param {string} message */
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= opening().catch((error) => {
    opened = null; // asked again next time
    throw error;
  });
  return opened;
}

/** @returns {Promise<IDBDatabase>} */
function opening() {
  return new Promise((resolve, reject) => {
    if (!globalThis.indexedDB) return reject(new StoreError("forbidden", "no IndexedDB"));
    const request = indexedDB.open(DATABASE, STEPS.length);
    request.onupgradeneeded = ({ oldVersion }) => {
      for (const step of STEPS.slice(oldVersion)) step(request.result);
    };
    request.onerror = () => reject(told(request.error, "forbidden"));
    request.onsuccess = () => {
      const database = request.result;
      // A newer page in another tab must not wait for this one.
      database.onversionchange = () => (database.close(), (opened = null));
      database.onclose = () => (opened = null);
      resolve(database);
    };
  });
}

/**
 * One transaction; what `run` returns comes out once it is durable. Rejects with StoreError.
 * @template T @param {Shelf[]} shelves @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest<T> | undefined} run @returns {Promise<T>}
 */
export async function within(shelves, mode, run) {
  const database = await open();
  return new Promise((resolve, reject) => {
    try {
      transact(database, shelves, mode, run, resolve, reject);
    } catch (error) {
      reject(error instanceof DOMException ? told(error, "broken") : error);
    }
  });
}

/**
 * @template T @param {IDBDatabase} database @param {Shelf[]} shelves @param {IDBTransactionMode} mode
 * @param {(...stores: IDBObjectStore[]) => IDBRequest<T> | undefined} run
 * @param {(result: T) => void} resolve @param {(error: unknown) => void} reject
 */
function transact(database, shelves, mode, run, resolve, reject) {
  // Written through: a dead battery must not take what was said to be kept.
  const transaction = database.transaction(shelves, mode, { durability: mode === "readwrite" ? "strict" : "default" });
  const request = run(...shelves.map((shelf) => transaction.objectStore(shelf)));
  transaction.oncomplete = () => resolve(/** @type {T} */ (request?.result));
  transaction.onabort = () => reject(told(transaction.error, "broken"));
}

/** @param {Shelf} shelf @param {object} row */
export const put = (shelf, row) => within([shelf], "readwrite", (store) => store.put(row));

/** @param {Shelf} shelf @param {IDBValidKey} key @returns {Promise<any>} undefined where there is none */
export const get = (shelf, key) => within([shelf], "readonly", (store) => store.get(key));

/** @param {Shelf} shelf @param {IDBValidKey | IDBKeyRange} [range] @returns {Promise<any[]>} by key */
export const all = (shelf, range) => within([shelf], "readonly", (store) => store.getAll(range));

/** @param {Shelf} shelf @param {IDBValidKey | IDBKeyRange} key */
export const drop = (shelf, key) => within([shelf], "readwrite", (store) => store.delete(key));

/** @param {Shelf} shelf */
export const clear = (shelf) => within([shelf], "readwrite", (store) => store.clear());

/**
 * Asks the browser to keep what is here even when the device runs short of room. Browsers decide by themselves, or ask.
 * @returns {Promise<"kept" | "may_go" | "unknown">} `may_go`: the browser may throw it away to make room
 */
export async function persist() {
  if (!navigator.storage?.persist) return "unknown";
  if (await navigator.storage.persisted()) return "kept";
  return (await navigator.storage.persist()) ? "kept" : "may_go";
}

/** Bytes that this page may still keep, about; null where the browser doesn't say. @returns {Promise<number | null>} */
export async function room() {
  if (!navigator.storage?.estimate) return null;
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return Math.max(0, quota - usage);
}

/** @param {DOMException | null} error @param {"forbidden" | "broken"} otherwise */
function told(error, otherwise) {
  const kind = error?.name === "QuotaExceededError" ? "full" : otherwise;
  return new StoreError(kind, `${error?.name ?? "unknown"}: ${error?.message ?? ""}`);
}
