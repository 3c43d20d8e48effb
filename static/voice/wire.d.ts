/** Shapes of voice messages, as devices keep them and as the server tells them. Types only: no page loads this. */

export type From = "parent" | "village";
/** "now", "bedtime", a date, or a wall time of the village. */
export type Deliver = string;
export type Repeat = "" | "daily" | "yearly";
export type MessageState = "looked_at" | "refused" | "sealed" | "due" | "withdrawn";

export interface Message {
  id: string;
  key: string;
  from: From;
  from_name: string;
  from_photo_id: string | null;
  child_id: string;
  contact_id: string;
  state: MessageState;
  reason: string | null;
  sent_at: string;
  deliver_at: string;
  repeat: Repeat | null;
  duration_ms: number | null;
  /** Base64 of one byte a part, 255 the loudest. */
  peaks: string | null;
  mime: string;
  bytes: number;
  photo: boolean;
  heard_at: string | null;
  answers_id: string | null;
  can: "withdraw"[];
}
export interface ThreadPage {
  messages: Message[];
  next: string | null;
  /** Who may send each other messages now. */
  pairs: Pair[];
}
/** What is known of a family's thread: newest first, as far back as somebody may still have to hear something. */
export interface KnownThread {
  messages: Message[];
  pairs: Pair[];
}
export interface Pair {
  child_id: string;
  contact_id: string;
}

/** A recording on its way: `pcm` are samples of `rate`, `media` what the browser's own recorder gives. */
export interface Take {
  key: string;
  owner: string;
  how: "pcm" | "media";
  rate: number;
  mime: string;
  started_at: number;
  /** What it was begun for; nothing here depends on it. */
  about: Addressed;
  /** It was put away; it goes for good a little later. */
  put_away_at?: number;
  /** Somebody said that it shall be sent. */
  is_kept?: boolean;
  photo?: KeptPhoto;
}
/** A photo that goes with it, small, as it lies on the device. */
export interface KeptPhoto {
  mime: string;
  size: number;
  sha256: string;
  nonce: Uint8Array<ArrayBuffer>;
  sealed: ArrayBuffer;
}
/** On its way: like an item of its own; `refused` is why it stays behind. */
export interface ItemPhoto extends KeptPhoto {
  sent_as: string;
  upload_url: string;
  offset: number;
  restarts: number;
  refused: string;
}
/** A recording that is ready to be heard and sent. */
export interface Finished {
  key: string;
  bytes: ArrayBuffer;
  mime: string;
  duration_ms: number;
  peaks: number[];
  recorded_at: number;
  is_silent: boolean;
  /** How it came in, before it was made louder or quieter. */
  level: "good" | "quiet" | "clipping" | "silent";
}

/** To whom, and when it shall be heard. */
export interface Addressed {
  family_id: string;
  child_id: string;
  contact_id: string;
  answers?: string;
  /** The key of a sentence of the interface, where it is one. */
  prompt?: string;
}
export interface Wished extends Addressed {
  deliver: Deliver;
  repeat: Repeat;
}
/**
 * `waits` for its turn or the network; `sending`; `asks`: somebody has to decide; `dropped`: it can't be sent, `why`
 * says it.
 */
export type ItemState = "waits" | "sending" | "asks" | "dropped";
export interface Item {
  key: string;
  owner: string;
  face: string;
  state: ItemState;
  made_at: number;
  /** Not before: it can be taken back until then, or a failure has to pass. */
  next_at: number;
  tries: number;
  /** Code and sentence of the last failure. */
  why: { code: string; message: string } | null;
  wished: Wished;
  recorded_at: number;
  duration_ms: number;
  peaks: number[];
  mime: string;
  bytes: ArrayBuffer;
  sha256: string;
  /** Its name and where it stands at the server, and how often it had to begin anew there. */
  sent_as: string;
  upload_url: string;
  offset: number;
  restarts: number;
  photo?: ItemPhoto;
  /** Of the photo's upload, once it is whole. */
  photo_id?: string;
}
/** Without the recording itself, for lists. */
export type ItemShown = Omit<Item, "bytes"> & { size: number };
/** As it lies on the device, the recording sealed. */
export type ItemKept = ItemShown & { nonce: Uint8Array<ArrayBuffer>; sealed: ArrayBuffer };

export interface Hearing {
  message_id: string;
  key: string;
  owner: string;
  face: string;
  heard_at: string;
}
