"""What a push says and how urgently: a notice as the few words that a browser shows, and one touch that goes on. Pure.

A push carries no link and no digits to answer with, since touching it is both. The newest about one subject takes the
place of an older one that nobody has seen: at the push service by its topic, on the screen by its tag.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.notices.models import Notice
from app.notices.ports import Urgency
from app.notices.rules import POLICIES
from app.notices.templates import render
from app.web import texts

RINGS = frozenset({"ring_parent", "ring_village", "unanswered_caregiver", "guest_asked"})
# What changes the plans of the same day: it comes also to a phone that is saving its battery.
SOON = frozenset({"reminder_day", "reminder_hour", "reminder_ten", "cancelled", "moved", "slot_offered"})
TOPIC_LENGTH = 32  # RFC 8030, 5.4
LONGEST_BODY = 600  # a payload has room for 3,993 bytes, and a screen for less
LINK = "\0"  # marks where a text would name its link
CLAUSE_WITH_LINK = re.compile(f"[，,]?[^.。!！?？，,]*{LINK}[^.。!！?？，,]*")


@dataclass(frozen=True)
class Reader:
    """Who sees it: `face` is the page that opens."""

    face: str
    language: str
    zone: str


@dataclass(frozen=True)
class Push:
    payload: bytes
    urgency: Urgency
    topic: str
    ttl_seconds: int


def push_of(notice: Notice, reader: Reader, now: datetime) -> Push:
    """The push of a notice as it reads at `now`."""
    until = notice.due_at + POLICIES[notice.template].useful_for
    said = {
        "id": notice.id, "title": _title(notice.template, reader.language), "body": _body(notice, reader, now),
        "url": _url(notice.subject, reader.face), "tag": notice.subject, "kind": notice.template,
        "at": notice.due_at.isoformat(), "urgency": urgency_of(notice.template).value,
        "join": texts.text("push.join", reader.language) if notice.template in RINGS else None,
    }  # fmt: skip
    return Push(
        payload=packed(said), urgency=urgency_of(notice.template), topic=topic_of(notice.subject),
        ttl_seconds=max(0, round((until - now).total_seconds())),
    )  # fmt: skip


def trial(language: str, face: str, now: datetime) -> Push:
    """What comes when somebody tries whether pushes come."""
    said = {
        "id": None, "title": texts.text("push.title", language), "body": texts.text("push.trial", language),
        "url": f"/{face}", "tag": "trial", "kind": "trial", "at": now.isoformat(), "urgency": Urgency.HIGH.value,
        "join": None,
    }  # fmt: skip
    return Push(packed(said), Urgency.HIGH, topic_of("trial"), ttl_seconds=120)


def urgency_of(template: str) -> Urgency:
    return Urgency.HIGH if template in RINGS else Urgency.NORMAL if template in SOON else Urgency.LOW


def topic_of(subject: str) -> str:
    """At most 32 characters of base64url, the same for each push about one subject, and telling nobody what it is."""
    return base64.urlsafe_b64encode(hashlib.sha256(subject.encode()).digest()).decode()[:TOPIC_LENGTH]


def packed(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _title(template: str, language: str) -> str:
    key = "push.ring" if template in RINGS else "push.reminder" if template.startswith("reminder_") else "push.title"
    return texts.text(key, language)


def _body(notice: Notice, reader: Reader, now: datetime) -> str:
    says = render(notice.template, notice.params, language=reader.language, zone=reader.zone, now=now, link=LINK)
    return CLAUSE_WITH_LINK.sub("", says.text).strip()[:LONGEST_BODY]


def _url(subject: str, face: str) -> str:
    """What a touch opens: on a phone what it is about, where that has a place; at a desk what wants mending."""
    if face != "phone":
        return f"/{face}#troubles"
    kind, _, of = subject.partition(":")
    if kind == "call":
        return f"/{face}#call={of}"
    if kind == "parent_request":
        return f"/{face}#parents"
    return f"/{face}#messages={of.partition(':')[2]}" if kind == "voice" else f"/{face}"
