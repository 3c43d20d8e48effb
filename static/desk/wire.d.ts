/** What only the desk is told. Types only: nothing of this is loaded by a page. */
import type { Call, Family, Member, Now, Person } from "../core/wire.js";
import type { ApiError } from "../net/api.js";
import type { Series } from "../phone/wire.js";
import type { Acts, Child } from "../ui/dom.js";

export interface DeskMember extends Member {
  last_heard_at: string | null;
}
export interface DeskFamily extends Family {
  members: DeskMember[];
  next_call_at: string | null;
}
export interface Trouble {
  kind: "dead_row" | "delivery";
  id: string;
  what: string;
  who: string | null;
  call_id: string | null;
  at: string;
  error: string;
  gateway: string | null;
  /** What a gateway said, in its own words. */
  detail: string | null;
}
export interface ToCall {
  call_id: string;
  starts_at: string;
  person_id: string;
  name: string;
  is_confirmed: boolean;
}
/** `waiting_since` is null while texts leave in time. */
export interface TextsNow {
  waiting_since: string | null;
  waiting: number;
  silent: { name: string; since: string }[];
  can_leave: boolean;
  /** Told to the desk and not seen to. */
  notices: number;
  to_call: ToCall[];
}
export interface DeskNow extends Now {
  village: { id: string; name: string; zone: string };
  coordinator: { id: string; name: string };
  /** Whether all villages are open to this coordinator. */
  operator: boolean;
  families: DeskFamily[];
  /** `failed_parts`: what its last test of itself found wrong. */
  terminals: { id: string; name: string; present: boolean; failed_parts: string[] }[];
  openings: { starts_at: string; ends_at: string }[];
  troubles: Trouble[];
  texts: TextsNow;
  /** Within how many days the village wants every child heard. */
  promise_days: number;
  /** How many requests for a child's other parent wait. */
  parent_requests: number;
}
export interface LedgerChild {
  child: Person;
  family: { id: string; emblem: string; name: string };
  last_heard_at: string | null;
  next_call_at: string | null;
  minutes_week: number;
  minutes_month: number;
  /** Minutes of each of the ledger's weeks. */
  weeks: number[];
  held: number;
  missed: number;
  /** Why calls of thirty days came to nothing, the last first. */
  reasons: string[];
  overdue: boolean;
}
export type LedgerCall = Pick<
  Call,
  "id" | "state" | "outcome" | "reason" | "starts_at" | "ends_at" | "live_at" | "talked_seconds" | "family" | "child" | "parent" | "terminal"
>;
/** `week` is its Monday, as a civil date. */
export interface LedgerWeek {
  week: string;
  children: number;
  heard: number;
  calls_held: number;
  calls_missed: number;
  minutes: number;
}
export interface Ledger {
  promise_days: number;
  weeks: LedgerWeek[];
  failures: { reason: string; count: number }[];
  children: LedgerChild[];
  calls: LedgerCall[];
}
/** What a call's link was like; `seconds` by rung, `reasons` for going down with how often. */
export interface CallLink {
  rtt_ms: number | null;
  loss_permille: number | null;
  kbps: number | null;
  rung: string | null;
  seconds: Record<string, number>;
  reasons: Record<string, number>;
  parent_bytes: number | null;
  village_bytes: number | null;
}
export interface Trail {
  note: string | null;
  link: CallLink | null;
  events: { at: string; kind: string; by: string | null; detail: Record<string, string> }[];
  told: { at: string; template: string; who: string; state: string }[];
}


export type ConsentKind = "call" | "message" | "auto_answer" | "photo";
export interface EnrolledMember extends Member {
  confirmed: boolean;
  /** Whoever holds the number asked for no more texts. */
  has_stopped_texts: boolean;
  zone: string;
  language: string;
  /** The newest invitation that was not revoked. */
  invited: { id: string; expires_at: string; used: boolean } | null;
  devices: number;
}
export interface Consent {
  id: string;
  child_id: string;
  contact_id: string;
  contact_name: string;
  kind: ConsentKind;
  given_by: string;
  evidence: string;
  from_at: string;
  until_at: string | null;
  revoked_at: string | null;
  holds: boolean;
  /** There is a signature to be shown. */
  is_signed: boolean;
}
export interface NoContact {
  id: string;
  child_id: string;
  contact_id: string;
  contact_name: string;
  reason: string;
  from_at: string;
  lifted_at: string | null;
}
export interface EnrolledFamily {
  id: string;
  name: string;
  emblem: string;
  members: EnrolledMember[];
  consents: Consent[];
  no_contacts: NoContact[];
  pin: { set: boolean; blocked: boolean };
}
export interface Invitation {
  id: string;
  code: string;
  url: string;
  qr_svg: string;
  person: { id: string; name: string };
  expires_at: string;
}
/** Weekday 0 is Monday; minutes count from midnight. */
export interface WeeklyHours {
  weekday: number;
  opens_minute: number;
  closes_minute: number;
}
export interface Closure {
  id: string;
  terminal_id: string | null;
  starts_at: string;
  ends_at: string;
  reason: string;
}
export interface VillageTerminal {
  id: string;
  name: string;
  present: boolean;
  paired: boolean;
  retired: boolean;
  passport: LinkHour[];
  line_check: LineChecked | null;
  is_checking: boolean;
  self_test: SelfTest | null;
}
/** What a terminal found of itself; `untried` is what nobody judged. */
export interface SelfTest {
  at: string;
  failed: string[];
  untried: string[];
}
/** What a line carried when it was tried; null where it could not be measured. */
export interface LineChecked {
  at: string;
  rung: string;
  rtt_ms: number | null;
  loss_permille: number | null;
  up_kbps: number | null;
  down_kbps: number | null;
}
/** What a terminal's link was like in one hour of the village's day. */
export interface LinkHour {
  hour: number;
  calls: number;
  rtt_ms: number | null;
  loss_permille: number | null;
  rung: string | null;
  is_good: boolean;
  is_bad: boolean;
}
export interface VillagePage {
  name: string;
  zone: string;
  slot_minutes: number;
  buffer_minutes: number;
  openings: WeeklyHours[];
  closures: Closure[];
  terminals: VillageTerminal[];
  free_emblems: string[];
}
export interface Assignment {
  id: string;
  family: { id: string; emblem: string; name: string };
  child: Person;
  parent: Person;
  last_heard_at: string | null;
  terminal_id: string | null;
  starts_at: string | null;
  ends_at: string | null;
  minutes: number;
  /** Why this slot, or why none: codes with what their sentences need. */
  reasons: ({ code: string } & Record<string, any>)[];
  pinned: boolean;
  call_id: string | null;
  outcome: Call["outcome"];
  confirmed: boolean;
  is_fixed: boolean;
}
export interface Roster {
  id: string;
  week: string;
  zone: string;
  state: "draft" | "published" | "dropped";
  progress: "queued" | "solving" | "done" | "failed";
  version: number;
  minutes: number;
  figures: { families: number; served: number; seconds: number | null; gap_percent: number | null; is_optimal: boolean | null };
  terminals: { id: string; name: string }[];
  openings: { terminal_id: string; starts_at: string; ends_at: string }[];
  assignments: Assignment[];
  can_undo: boolean;
  changed_by: string;
  published_at: string | null;
}
/** Somebody in the line for slots that get free; `wait_id` where somebody asked, or else by the village's promise. */
export interface Waiting {
  family: { id: string; emblem: string; name: string };
  child: Person;
  parent: Person;
  last_heard_at: string | null;
  has_call_at: string | null;
  is_asked: boolean;
  wait_id: string | null;
  since: string | null;
  offer: { call_id: string; starts_at: string; expires_at: string } | null;
}
/** The other parent of a child, asked for on a parent's phone; `number` is masked. */
export interface ParentRequest {
  id: string;
  family: { id: string; emblem: string; name: string };
  asked_by: Person;
  children: string[];
  name: string;
  number: string;
  kinship: "mother" | "father" | "step_parent" | "guardian";
  language: string;
  note: string | null;
  state: "open" | "accepted" | "declined";
  asked_at: string;
  decided_at: string | null;
  reason: string | null;
  zone: string;
  /** Who of the village has this number. */
  known: { id: string; name: string; role: "parent" | "caregiver" | "child" | null }[];
  person_id: string | null;
}
export interface Gateway {
  name: string;
  is_open: boolean;
  failing_since: string | null;
  last_taken_at: string | null;
  error: string | null;
  silent_since: string | null;
}
export interface DeskNotice {
  id: string;
  template: string;
  at: string;
  call_id: string | null;
  text: string;
}
export interface SentAgain {
  id: string;
  what: string;
  who: string;
  at: string;
  state: "waiting" | "sending" | "sent" | "delivered" | "failed" | "unknown";
  error: string | null;
}
export interface DeskTexts {
  waiting_since: string | null;
  waiting: number;
  gateways: Gateway[];
  notices: DeskNotice[];
  sent_again: SentAgain[];
}
export interface Kind {
  template: string;
  is_on: boolean;
  can_be_off: boolean;
  /** Null where nobody else is ever asked. */
  escalate_minutes: number | null;
}
/** Quiet hours are minutes after midnight; budgets are segments a month; money is in 1/10,000 of the currency. */
export interface Terms {
  quiet_from_minute: number;
  quiet_until_minute: number;
  family_segments: number | null;
  village_segments: number | null;
  segment_price: number;
  currency: string;
  is_push_on: boolean;
  kinds: Kind[];
  month: { segments: number; cost: number; families: { id: string; name: string; emblem: string; segments: number }[] };
}
export interface TextCost {
  people: number;
  segments_each: number;
  segments: number;
  cost: number;
  currency: string;
  encoding: string;
  unreachable: string[];
  left_this_month: number | null;
}
export interface BroadcastPreview extends TextCost {
  parts: string[];
  most_segments: number;
  refusal: "no_free_text" | "text_too_long" | "budget_used_up" | "nobody_to_tell" | null;
}
/** Who wrote from a number that nobody confirmed; the number is masked. */
export interface Stranger {
  number: string;
  texts: number;
  last_at: string;
  person_id: string | null;
  name: string | null;
}
export interface Strangers {
  strangers: Stranger[];
  /** Those of no village, for operators. */
  elsewhere: Stranger[] | null;
}
export interface AuditLine {
  id: string;
  at: string;
  who: string;
  action: string;
  subject: string;
  about: string | null;
  detail: Record<string, any>;
}
export interface OwnDevice {
  id: string;
  label: string | null;
  opened_by: string | null;
  opened_at: string;
  seen_at: string | null;
  is_this: boolean;
}
export interface Coordinator {
  id: string;
  name: string;
  login: string;
  village: { id: string; name: string };
  is_operator: boolean;
  ended: boolean;
}

/** Another time for a series: from one of its days on, or null for all that is to come. */
export interface Shift {
  series: Series;
  from_on: string | null;
}

/** One view of the desk: what stands in its main place, and what touches and typing do there. */
export interface Part {
  view(now: DeskNow, at: number): Child[];
  acts?: Acts;
  /** The address names a thing ("" for none). */
  open?(id: string): void;
  /** Something was typed or chosen. */
  typed?(event: Event): void;
  pressed?(event: KeyboardEvent): void;
  /** It comes into sight, or the evening has changed. */
  freshen?(): void;
}

/** A sentence that a terminal says, in the village's language (`said`) and in the reader's (`text`). */
export interface PromptLine {
  key: string;
  text: string;
  said: string;
  seconds: number;
  speech: "village" | "region" | "language" | null;
  /** Null where it is not this village's own. */
  prompt_id: string | null;
  url: string | null;
  duration_ms: number | null;
  recorded_at: string | null;
}
export interface PromptsPage {
  language: string;
  region: string;
  regions: string[];
  count: number;
  recorded: number;
  heard: number;
  places: { place: string; prompts: PromptLine[] }[];
}

/** What the views ask of the page they stand on. */
export interface Desk {
  live: import("../net/live.js").Live;
  now(): DeskNow | null;
  /** Does something once; the answer, or null where it was refused. Without `onerror` a refusal is a toast. */
  command(path: string, body: object, done: string, more?: { method?: string; onerror?: (error: ApiError) => void }): Promise<any>;
  /** Draws anew what the state holds. */
  show(): void;
  openCall(id: string): void;
  book(family: DeskFamily, moving: Call | null, shift?: Shift | null): void;
  callNow(family: DeskFamily): void;
  /** Forgets what was typed, for somebody else to sit down. */
  leave(): Promise<void>;
}
