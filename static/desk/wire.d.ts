/** What only the desk is told. Types only: nothing of this is loaded by a page. */
import type { Call, Family, Member, Now, Person } from "../core/wire.js";

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
}
export interface DeskNow extends Now {
  village: { id: string; name: string; zone: string };
  coordinator: { id: string; name: string };
  /** Whether all villages are open to this coordinator. */
  operator: boolean;
  families: DeskFamily[];
  terminals: { id: string; name: string; present: boolean }[];
  openings: { starts_at: string; ends_at: string }[];
  troubles: Trouble[];
}
export interface LedgerChild {
  child: Person;
  family: { id: string; emblem: string; name: string };
  last_heard_at: string | null;
  minutes_week: number;
  minutes_month: number;
  held: number;
  missed: number;
  overdue: boolean;
}
export type LedgerCall = Pick<
  Call,
  "id" | "state" | "outcome" | "reason" | "starts_at" | "ends_at" | "live_at" | "talked_seconds" | "family" | "child" | "parent" | "terminal"
>;
export interface Ledger {
  children: LedgerChild[];
  calls: LedgerCall[];
}
export interface Trail {
  note: string | null;
  events: { at: string; kind: string; by: string | null; detail: Record<string, string> }[];
  told: { at: string; template: string; who: string; state: string }[];
}

/** What the views ask of the page they stand on. */
export interface Desk {
  live: import("../net/live.js").Live;
  now(): DeskNow | null;
  command(path: string, body: object, done: string): Promise<void>;
  openCall(id: string): void;
  book(family: DeskFamily, moving: Call | null): void;
}
