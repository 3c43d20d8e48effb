"""Seeds the village of `homethread demo`: three families with faces and hours, some history, one call in two minutes.

More families than three make it a village for which a week is worth drafting (`neighbours.py`): it has a second terminal
and opens in the evenings, beside the hours around now.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.calls import booking
from app.calls.booking import Actor, Wish
from app.demo import neighbours
from app.demo.households import CAREGIVER, CHILD, PARENT, ZONE, Household, Somebody
from app.desk import service as desk
from app.kernel.local_time import wall_of, whole_minute
from app.villages import service as villages
from app.villages.models import Terminal, Village
from app.villages.rules import OpeningFacts
from app.web import sessions
from app.web.models import PrincipalKind

CALL_IN = timedelta(minutes=2)


@dataclass(frozen=True)
class Demo:
    """One-time secrets by face, and when the call is."""

    parent: str
    terminal: str
    desk: str
    call_at: datetime


HOUSEHOLDS = {
    "zh-CN": (
        Household("杨家", "fox", (
            Somebody("杨秀英", PARENT, "mother", "+8613800000001"), Somebody("杨奶奶", CAREGIVER, "grandmother", "+8613800000002"),
            Somebody("小龙", CHILD, "boy"),
        )),
        Household("吴家", "kite", (
            Somebody("吴建国", PARENT, "father", "+8613800000003"), Somebody("吴爷爷", CAREGIVER, "grandfather", "+8613800000004"),
            Somebody("小燕", CHILD, "girl"), Somebody("小军", CHILD, "boy"),
        )),
        Household("潘家", "fish", (
            Somebody("潘美兰", PARENT, "mother", "+8613800000005", "Asia/Dubai"),
            Somebody("潘外婆", CAREGIVER, "grandmother", "+8613800000006"), Somebody("小荷", CHILD, "girl"),
        )),
    ),
    "en": (
        Household("Yang family", "fox", (
            Somebody("Yang Xiuying", PARENT, "mother", "+8613800000001"),
            Somebody("Grandma Yang", CAREGIVER, "grandmother", "+8613800000002"), Somebody("Xiaolong", CHILD, "boy"),
        )),
        Household("Wu family", "kite", (
            Somebody("Wu Jianguo", PARENT, "father", "+8613800000003"),
            Somebody("Grandpa Wu", CAREGIVER, "grandfather", "+8613800000004"), Somebody("Xiaoyan", CHILD, "girl"),
            Somebody("Xiaojun", CHILD, "boy"),
        )),
        Household("Pan family", "fish", (
            Somebody("Pan Meilan", PARENT, "mother", "+8613800000005", "Asia/Dubai"),
            Somebody("Grandma Pan", CAREGIVER, "grandmother", "+8613800000006"), Somebody("Xiaohe", CHILD, "girl"),
        )),
    ),
}  # fmt: skip
SECOND_TERMINAL = {"zh-CN": "小学", "en": "School"}
PLACES = {"zh-CN": ("红石村", "村委会", "李老师"), "en": ("Redstone village", "Village office", "Teacher Li")}


def seed(session: Session, language: str, now: datetime, families_in_all: int = len(HOUSEHOLDS["en"])) -> Demo:
    village_name, terminal_name, coordinator_name = PLACES[language]
    village = villages.create_village(session, name=village_name, zone=ZONE, language=language)
    terminal = villages.add_terminal(session, village.id, terminal_name, now)
    coordinator = desk.add_coordinator(session, village.id, coordinator_name, language, now)
    by = f"coordinator:{coordinator.id}"
    settled = [
        neighbours.settle(session, village, household, language, by, now) for household in HOUSEHOLDS[language]
    ]  # fmt: skip
    for days_ago, home in zip((2, 9), settled, strict=False):
        neighbours.remember(session, terminal, home, whole_minute(now - timedelta(days=days_ago)))
    _open(session, village, terminal, families_in_all - len(settled), language, by, now)
    first, call_at = settled[0], whole_minute(now + CALL_IN)
    here = Wish(first.family, first.children[0], first.parents[0], call_at, terminal_id=terminal.id)
    booking.book(session, here, Actor(by, None), now)
    return Demo(
        parent=sessions.issue_code(session, PrincipalKind.PERSON, first.parents[0], None, language, now),
        terminal=sessions.issue_code(session, PrincipalKind.TERMINAL, terminal.id, village.id, language, now),
        desk=sessions.issue_code(session, PrincipalKind.COORDINATOR, coordinator.id, village.id, language, now),
        call_at=call_at,
    )


def _open(
    session: Session, village: Village, terminal: Terminal, more: int, language: str, by: str, now: datetime
) -> None:
    """Open always; or where more families live, in the evenings and around now, with a second terminal."""
    hours = [OpeningFacts(day, 0, 1440) for day in range(7)]
    if more > 0:
        second = villages.add_terminal(session, village.id, SECOND_TERMINAL[language], now)
        neighbours.enrol(session, village, [terminal, second], more, language, by, now)
        hours = [OpeningFacts(day, 18 * 60, 21 * 60) for day in range(7)] + _around(wall_of(now, ZONE))
    villages.set_openings(session, village.id, hours, now)


def _around(now: datetime) -> list[OpeningFacts]:
    """An hour and a half before and after this wall time, as far as the day goes, and the first hours of the next."""
    minute = now.hour * 60 + now.minute
    today = OpeningFacts(now.weekday(), max(0, minute - 90), min(1440, minute + 90))
    return [today, OpeningFacts((now.weekday() + 1) % 7, 0, 90)] if minute > 1440 - 90 else [today]
