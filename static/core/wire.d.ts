/** Shapes that cross the wire between the pages and the server. Types only: nothing of this is loaded by a page. */

export type Face = "phone" | "terminal" | "desk";
export type Side = "parent" | "village";
export type CallState = "proposed" | "booked" | "ringing" | "live" | "ended";
export type Outcome = "held" | "message" | "missed" | "cancelled" | "moved";
export type Action = "confirm" | "decline" | "counter" | "move" | "cancel" | "join" | "wrong_person";
export type Origin = "asked" | "series" | "roster" | "wait";

export interface Person {
  id: string;
  name: string;
  photo: string | null;
}
/** `recorded_name`: where their own voice says who calls, for a terminal. */
export interface Caller extends Person {
  recorded_name: string | null;
}
/** What a megabyte costs a person, in 1/1,000 of a currency (ISO 4217). */
export interface MbPrice {
  milli: number;
  currency: string;
}
/** A further parent of the family, who may come into a call that is on. */
export interface Guest extends Person {
  is_here: boolean;
  is_asked: boolean;
}
export interface Member extends Person {
  role: "parent" | "caregiver" | "child";
  has_phone?: boolean;
}
export interface Slot {
  starts_at: string;
  ends_at: string;
  terminal_id: string;
}
export interface SideState {
  seated: boolean;
  here: boolean;
  lost_at: string | null;
  confirmed: boolean;
  declined: boolean;
}
export interface Call {
  id: string;
  state: CallState;
  outcome: Outcome | null;
  reason: string | null;
  starts_at: string;
  ends_at: string;
  opens_at: string;
  zone: string;
  village: string;
  family: { id: string; emblem: string; name: string };
  child: Person;
  parent: Caller;
  terminal: { id: string; name: string };
  /** `guest`: a further parent of the family. */
  my_side: Side | "guest" | null;
  proposed_by: Side | null;
  moved_to_id: string | null;
  origin: Origin;
  series_id: string | null;
  expires_at: string | null;
  confirm_by: string | null;
  sides: { parent: SideState; village: SideState };
  desk: { name: string } | null;
  guests?: Guest[];
  rings: { since: string; until: string }[];
  rings_there: { since: string; until: string }[];
  live_at: string | null;
  rung_again_at: string | null;
  talked_seconds: number;
  talking_since: string | null;
  can: Action[];
  offers: Slot[];
  /** This terminal may answer by itself. */
  auto_answer: boolean;
}
export interface Family {
  id: string;
  name: string;
  emblem: string;
  role?: "parent" | "caregiver" | "child";
  /** Its name. */
  village?: string;
  children?: Person[];
  parents?: Person[];
  members?: Member[];
  locked?: boolean;
  has_pin?: boolean;
  blocked?: boolean;
  next_call?: Call | null;
  /** After one that is on. */
  following?: Call | null;
  is_awaited?: boolean;
  awaited?: Call | null;
  is_counter?: boolean;
  refused?: Refused | null;
  wishes?: Wish[];
  texts_waiting?: number;
  messages_waiting?: number;
}
/** What somebody wrote to a family by text. */
export interface FamilyText {
  id: string;
  from_person: string;
  name: string;
  photo_id: string | null;
  text: string;
  language: string;
  at: string;
  heard_at: string | null;
}
/** A call that was given up before its time. */
export interface Refused {
  starts_at: string;
  child_id: string;
  parent_id: string;
  reason: string;
  by_parent: boolean;
}
/** For a slot that gets free. */
export interface Wish {
  id: string;
  child_id: string;
  parent_id: string;
}
/** What finding a time gives: the best slots with their reasons, or what stands against them. */
export interface Proposals {
  proposals: (Slot & { reasons: string[] })[];
  obstacles: { code: string; share: number }[];
  compromise: (Slot & { conflicts: string[] }) | null;
  minutes: number;
  zone: string;
}
export interface Now {
  face: Face;
  version: string;
  server_time: string;
  /** Of one that was kept: when it was told. */
  known_at?: number;
  language: string;
  zone: string;
  village: { id: string; name: string; zone: string } | null;
  calls: Call[];
  /** Changes with what is recorded; empty where nothing is. */
  prompts: string;
  me?: Person & { mb_price?: MbPrice | null; recorded_name?: string | null };
  terminal?: { id: string; name: string; device: string | null; renew_at: string | null; check_line: boolean };
  coordinator?: { id: string; name: string };
  families: Family[];
  terminals?: { id: string; name: string; present: boolean }[];
  openings?: { starts_at: string; ends_at: string }[];
  troubles?: { kind: "dead_row" | "delivery"; id: string; what: string; at: string; error: string }[];
}

/** `offerer`: who is told makes the offer to this seat; `name` is a coordinator's. */
export interface OtherSeat {
  seat: string;
  side: Side | "guest" | "desk" | "media";
  /** The person in a guest's seat. */
  guest?: string;
  /** What a media program sits here for. */
  serves?: "bridge" | "answering" | null;
  here: boolean;
  state: "seated" | "lost" | "back" | "left" | "moved" | "rung";
  rung: string | null;
  name: string | null;
  offerer: boolean;
  polite: boolean;
}
export interface TakenSeat {
  seat: string;
  side: Side | "guest" | "desk";
  peers: OtherSeat[];
  ice_servers: RTCIceServer[];
  ice_policy: RTCIceTransportPolicy;
  rung: string;
}
export interface PeerNews extends OtherSeat {
  call: string;
}
export interface Signal {
  call: string;
  from: string;
  side: Side | "guest" | "desk" | "media";
  description?: RTCSessionDescriptionInit;
  candidate?: RTCIceCandidateInit;
}
export interface Figures {
  received_audio_bytes: number;
  received_video_frames: number;
  rtt_ms: number | null;
  loss_permille: number | null;
  received_kbps: number | null;
  sent_kbps: number | null;
  frames_per_second: number | null;
  rung?: string | null;
  jitter_ms?: number | null;
  concealed_permille?: number | null;
  /** All that this page has counted in the call. */
  sent_bytes?: number | null;
  received_bytes?: number | null;
}
