/** Shapes of scheduling that the phone asks for. Types only: nothing of this is loaded by a page. */
import type { CallState, Person } from "../core/wire.js";

export type PatternKind = "weekly" | "rotation" | "swap" | "away";
export type Occupation = "shift" | "school" | "boarding" | "bedtime" | "market" | "harvest" | "other";
export type ShiftWord = "day" | "night" | "early" | "late";
export type HoursOf = [from_minute: number, until_minute: number];

export interface Pattern {
  id: string;
  kind: PatternKind;
  occupation: Occupation;
  is_free: boolean;
  from_day: string | null;
  until_day: string | null;
  detail: {
    weekdays?: number[];
    from_minute?: number;
    until_minute?: number;
    anchor?: string;
    cycle?: (ShiftWord | "off")[];
    hours?: Partial<Record<ShiftWord, HoursOf>>;
    day?: string;
    shift?: ShiftWord | "off";
  };
  note: string | null;
}
export interface Busy {
  from_minute: number;
  until_minute: number;
  occupation: Occupation;
}
export interface HoursDay {
  day: string;
  shift: ShiftWord | "off" | null;
  is_swapped: boolean;
  busy: Busy[];
  free: { from_minute: number; until_minute: number }[];
}
export interface Hours {
  person_id: string;
  zone: string;
  patterns: Pattern[];
  days: HoursDay[];
  may_change: boolean;
}

export interface Proposals {
  proposals: { starts_at: string; ends_at: string; terminal_id: string; reasons: string[] }[];
  obstacles: { code: string; share: number }[];
  compromise: { starts_at: string; ends_at: string; terminal_id: string; conflicts: string[] } | null;
  sentences: Record<string, string>;
  minutes: number;
  zone: string;
}

export interface Gap {
  occurs_on: string;
  reason: string;
}
export interface Series {
  id: string;
  family: { id: string; emblem: string; name: string };
  child: Person;
  parent: Person;
  starts_on: string;
  starts_minute: number;
  zone: string;
  minutes: number;
  rule: string;
  words: {
    freq: "daily" | "weekly" | "monthly" | "yearly";
    interval: number;
    weekdays: number[];
    nth: (number | null)[];
    month_days: number[];
    until: string | null;
    count: number | null;
  };
  calls: { occurs_on: string; call_id: string; starts_at: string; ends_at: string; state: CallState }[];
  gaps: Gap[];
  ended_at: string | null;
}
/** The first days that a series would have; `reason` where it would find no call. */
export interface Foreseen {
  days: { occurs_on: string; starts_at: string; reason: string | null }[];
}

export interface Wait {
  family: { id: string; emblem: string; name: string };
  child: Person;
  parent: Person;
  wait_id: string | null;
  since: string | null;
  offer: { call_id: string; starts_at: string; expires_at: string } | null;
}
export interface Feed {
  made_at: string | null;
  read_at: string | null;
}
export interface MadeFeed {
  url: string;
  webcal_url: string;
  made_at: string;
}
/** A request of one's own for the other parent of a child. */
export interface ParentRequest {
  id: string;
  family_id: string;
  name: string;
  number: string;
  kinship: "mother" | "father" | "step_parent" | "guardian";
  state: "open" | "accepted" | "declined";
  asked_at: string;
  decided_at: string | null;
  reason: string | null;
}
