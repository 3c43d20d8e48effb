"""How long a notice is of use, whether it lets people sleep, what becomes of a doubtful one."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.local_time import moment_of_day, wall_of

# An attempt is over by then: longer than a gateway may take, shorter than a worker's lease.
IN_FLIGHT = timedelta(seconds=25)
RECEIPT_DEADLINE = timedelta(minutes=10)
# While it is of use, a notice outlives a gateway that is down for longer than a due row is retried.
OUTAGE_PAUSE = timedelta(minutes=5)
CHASED_BEFORE = timedelta(hours=3)
NEAR = timedelta(hours=2)  # what is told of a call as soon as this can't wait for other news


@dataclass(frozen=True)
class Quiet:
    """Hours in which people sleep, by the reader's wall clock, also past midnight; none if both are equal."""

    from_minute: int
    until_minute: int

    def covers(self, minute: int) -> bool:
        if self.from_minute <= self.until_minute:
            return self.from_minute <= minute < self.until_minute
        return not self.until_minute <= minute < self.from_minute


QUIET = Quiet(21 * 60 + 30, 7 * 60)


@dataclass(frozen=True)
class Policy:
    """What holds for one kind of notice, whatever a village decides.

    `repeat_after`: when a send that may have reached the vendor is tried once more; None is never. What is `gentle`
    wakes nobody: in the reader's quiet hours it waits for the morning. `is_essential`: it is sent even when the month's
    budget is used up. `is_gatherable`: of many at once, the later ones may be told in one text. `text_after`: how long
    a push is given to be read. `escalate_after`: when others are asked instead, unless the village says another time;
    None is never. `can_be_off`: a village may do without it.

    `is_for_number`: it goes to a number and nowhere else, as codes and answers to a text do; no budget counts it.
    `is_asked_for`: its reader waits for it, so it comes even to a number that wants no more texts. `is_never_texted`:
    it is pushed, or stands at the terminal, and is worth no text.
    """

    useful_for: timedelta
    repeat_after: timedelta | None = RECEIPT_DEADLINE
    gentle: bool = False
    is_essential: bool = False
    is_gatherable: bool = False
    text_after: timedelta = timedelta(minutes=15)
    escalate_after: timedelta | None = None
    can_be_off: bool = False
    is_for_number: bool = False
    is_asked_for: bool = False
    is_never_texted: bool = False


HALF_A_DAY = timedelta(hours=12)
RINGING = Policy(
    timedelta(minutes=5), repeat_after=None, is_essential=True, text_after=timedelta(seconds=20)
)  # fmt: skip
NEWS = Policy(HALF_A_DAY, is_gatherable=True, can_be_off=True)
CHANGE = Policy(HALF_A_DAY, is_essential=True, is_gatherable=True)
UNHURRIED = Policy(
    timedelta(days=1), gentle=True, is_gatherable=True, text_after=timedelta(hours=1), can_be_off=True
)  # fmt: skip
CODE = Policy(
    timedelta(minutes=10), repeat_after=None, is_essential=True, is_for_number=True, is_asked_for=True
)  # fmt: skip
ANSWER = Policy(
    timedelta(hours=1), repeat_after=None, is_essential=True, is_for_number=True, is_asked_for=True
)  # fmt: skip

POLICIES = {
    "reminder_day": Policy(timedelta(hours=3), can_be_off=True),
    "reminder_hour": Policy(timedelta(minutes=30), can_be_off=True),
    "reminder_ten": Policy(
        timedelta(minutes=8), repeat_after=None, is_essential=True, text_after=timedelta(minutes=1), can_be_off=True
    ),
    "booked": NEWS,
    "confirmed_by_other": NEWS,
    "moved": CHANGE,
    "cancelled": CHANGE,
    "ring_parent": RINGING,
    "ring_village": RINGING,
    "guest_asked": RINGING,
    "unanswered_caregiver": Policy(
        timedelta(minutes=6), repeat_after=None, is_essential=True, text_after=timedelta(minutes=1),
        escalate_after=timedelta(minutes=3),
    ),
    "missed_parent": NEWS,
    "missed_village": NEWS,
    "proposed": Policy(HALF_A_DAY, is_gatherable=True, escalate_after=timedelta(hours=6)),
    "proposal_expired": NEWS,
    "countered": Policy(HALF_A_DAY, is_gatherable=True, escalate_after=timedelta(hours=6)),
    "slot_offered": Policy(timedelta(minutes=25), repeat_after=None, gentle=True, text_after=timedelta(minutes=1)),
    "chase": Policy(timedelta(hours=3), escalate_after=timedelta(hours=1)),
    "released": Policy(HALF_A_DAY, gentle=True, is_gatherable=True),
    "series_booked": NEWS,
    "series_changed": NEWS,
    "series_ended": NEWS,
    "series_gap": Policy(HALF_A_DAY, gentle=True, is_gatherable=True, can_be_off=True),
    "rostered": Policy(HALF_A_DAY, gentle=True, is_gatherable=True),
    "rostered_several": Policy(HALF_A_DAY, gentle=True, is_gatherable=True),
    "sign_in_code": CODE,
    "number_code": CODE,
    "invitation": Policy(HALF_A_DAY, repeat_after=None, is_essential=True, is_for_number=True),
    "digest": Policy(HALF_A_DAY),
    "digest_no_call": Policy(HALF_A_DAY),
    "unreached": Policy(HALF_A_DAY),
    "gateway_silent": Policy(HALF_A_DAY),
    "announcement": Policy(HALF_A_DAY, gentle=True),
    "voice_for_child": UNHURRIED,
    "voice_from_child": UNHURRIED,
    "voice_answer": UNHURRIED,
    "voice_heard": Policy(HALF_A_DAY, gentle=True, can_be_off=True, is_never_texted=True),
    "parent_accepted": UNHURRIED,
    "parent_declined": UNHURRIED,
    "call_back": Policy(HALF_A_DAY, is_essential=True),
    "sms_confirmed": ANSWER,
    "sms_offers": ANSWER,
    "sms_no_offers": ANSWER,
    "sms_booked": ANSWER,
    "sms_proposed": ANSWER,
    "sms_ringing": ANSWER,
    "sms_cancelled": ANSWER,
    "sms_call_back": ANSWER,
    "sms_who": ANSWER,
    "sms_help": ANSWER,
    "sms_stopped": ANSWER,
    "sms_started": ANSWER,
    "sms_which_call": ANSWER,
    "sms_which_person": ANSWER,
    "sms_which_child": ANSWER,
    "sms_no_call": ANSWER,
    "sms_passed_on": ANSWER,
    "sms_not_understood": ANSWER,
    "sms_taken": ANSWER,
    "sms_expired": ANSWER,
    "sms_stranger": ANSWER,
    "sms_refused": ANSWER,
}  # fmt: skip


# However they are grouped or escaped: 482109, 4821 0937 5526, 4821%200937%205526
DIGITS = re.compile(r"\d(?:\W{0,3}\d){3,}")


def without_digits(said: object) -> str:
    """A vendor's own words, for tables and logs: they may quote the number, and the text with its code."""
    return DIGITS.sub("…", str(said))


def is_useful(template: str, due_at: datetime, at: datetime) -> bool:
    return at <= due_at + POLICIES[template].useful_for


def is_near(starts_at: datetime, now: datetime) -> bool:
    """Whether a call begins soon, or has just begun."""
    return abs(starts_at - now) < NEAR


def awake_at(at: datetime, zone: str, quiet: Quiet = QUIET) -> datetime:
    """The instant itself, or the end of the quiet hours that it falls in by a reader's wall clock."""
    wall = wall_of(at, zone)
    minute = wall.hour * 60 + wall.minute
    if not quiet.covers(minute):
        return at
    morning = wall.date() + timedelta(days=1 if minute >= quiet.until_minute else 0)
    return max(at, moment_of_day(morning, quiet.until_minute, zone))  # what comes twice in autumn counts once


def chase_at(confirm_by: datetime, zone: str, now: datetime, quiet: Quiet = QUIET) -> datetime:
    """When somebody is reminded to confirm: well before it is too late, and if that is at night, on the evening before.

    Where that has passed: in the morning, or at once where the morning comes too late.
    """
    at = confirm_by - CHASED_BEFORE
    if awake_at(at, zone, quiet) != at:
        wall = wall_of(at, zone)
        is_after_midnight = wall.hour * 60 + wall.minute < quiet.from_minute
        evening = wall.date() - timedelta(days=1 if is_after_midnight else 0)
        at = moment_of_day(evening, quiet.from_minute - 1, zone)
    if at >= now:
        return at
    morning = awake_at(now, zone, quiet)
    return morning if morning < confirm_by else now


def is_in_flight(attempted_at: datetime, now: datetime) -> bool:
    """Whether an attempt without an answer may still be under way in another worker, or at the vendor."""
    return now < attempted_at + IN_FLIGHT


def pause_after_doubt(doubts: int) -> timedelta:
    """How long after a send without an answer it is looked at again."""
    return IN_FLIGHT if doubts <= 3 else OUTAGE_PAUSE


def repeat_at(template: str, due_at: datetime, attempted_at: datetime, doubts: int) -> datetime | None:
    """When a doubtful send that nobody can be asked about is repeated; None if it is left as unknown."""
    after = POLICIES[template].repeat_after
    if after is None or doubts > 1:
        return None
    at = attempted_at + after
    return at if is_useful(template, due_at, at) else None
