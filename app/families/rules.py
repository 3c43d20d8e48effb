"""May this child and this contact be brought together now; which emblems there are. Who asked is not decided here."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.families.words import ConsentKind
from app.kernel.errors import Invalid, Refused

EMBLEMS = (
    "fox", "kite", "fish", "boat", "bird", "flower", "tree", "mountain",
    "star", "cloud", "drum", "lantern", "umbrella", "teapot", "cat", "ox",
)  # fmt: skip

FORGOTTEN_AFTER = timedelta(days=30)  # what nobody may hear or see any more, unless it is allowed anew


@dataclass(frozen=True)
class ConsentFacts:
    """A yes that holds from `from_at` until just before `until_at` or `revoked_at`, whichever comes first."""

    kind: ConsentKind
    child_id: str
    contact_id: str
    from_at: datetime
    until_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        ends = (self.until_at, self.revoked_at)
        return self.from_at <= now and all(end is None or now < end for end in ends)


@dataclass(frozen=True)
class NoContactFacts:
    child_id: str
    contact_id: str
    from_at: datetime
    lifted_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        return self.from_at <= now and (self.lifted_at is None or now < self.lifted_at)


def objection(
    kind: ConsentKind,
    child_id: str,
    contact_id: str,
    consents: Sequence[ConsentFacts],
    no_contacts: Sequence[NoContactFacts],
    now: datetime,
) -> str | None:
    """What speaks against it, as a code; None when a consent of this kind holds for this pair and nothing beats it."""
    pair = (child_id, contact_id)
    if any((ban.child_id, ban.contact_id) == pair and ban.holds(now) for ban in no_contacts):
        return "no_contact"
    given = [c for c in consents if (c.child_id, c.contact_id) == pair and c.kind is kind and c.from_at <= now]
    if not given:
        return "no_consent"
    return None if any(consent.holds(now) for consent in given) else "consent_ended"


def permitted_until(
    kind: ConsentKind,
    child_id: str,
    contact_id: str,
    consents: Sequence[ConsentFacts],
    no_contacts: Sequence[NoContactFacts],
    now: datetime,
) -> datetime | None:
    """When what holds now ends by itself; `now` where nothing holds, None where no end is known."""
    if objection(kind, child_id, contact_id, consents, no_contacts, now) is not None:
        return now
    holding = [
        consent for consent in consents
        if (consent.child_id, consent.contact_id, consent.kind) == (child_id, contact_id, kind) and consent.holds(now)
    ]  # fmt: skip
    ends = [min((end for end in (c.until_at, c.revoked_at) if end), default=None) for c in holding]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def forbidden_since(
    kind: ConsentKind,
    child_id: str,
    contact_id: str,
    consents: Sequence[ConsentFacts],
    no_contacts: Sequence[NoContactFacts],
    now: datetime,
) -> datetime | None:
    """Since when nothing allowed it without a break; None where it is allowed now. Without any fact it is `now`."""
    moments = {at for c in consents for at in (c.from_at, c.until_at, c.revoked_at) if at}
    moments |= {at for ban in no_contacts for at in (ban.from_at, ban.lifted_at) if at}
    since = None
    for at in [now, *sorted((at for at in moments if at < now), reverse=True)]:
        if objection(kind, child_id, contact_id, consents, no_contacts, at) is None:
            break
        since = at
    return since


def may(
    kind: ConsentKind,
    child_id: str,
    contact_id: str,
    consents: Sequence[ConsentFacts],
    no_contacts: Sequence[NoContactFacts],
    now: datetime,
) -> None:
    """Raise Refused with the objection, if there is one."""
    code = objection(kind, child_id, contact_id, consents, no_contacts, now)
    if code is not None:
        raise Refused(code)


def check_emblem(emblem: str, taken: Collection[str]) -> None:
    """A picture, or two different ones together, as `fox-kite`, for villages with more families than pictures."""
    pictures = emblem.split("-")
    if not set(pictures) <= set(EMBLEMS) or len(set(pictures)) < len(pictures) or len(pictures) > 2:
        raise Invalid("unknown_emblem")
    if emblem in taken:
        raise Refused("emblem_taken")


def free_emblems(taken: Collection[str]) -> list[str]:
    """Pictures to choose from; where they are used up, two together, with each picture once as the first."""
    single = [emblem for emblem in EMBLEMS if emblem not in taken]
    return single or [pair for picture in EMBLEMS for pair in _pairs(picture, taken)[:1]]


def _pairs(picture: str, taken: Collection[str]) -> list[str]:
    """The free ones that begin with a picture, the one that follows it in the list first."""
    place = EMBLEMS.index(picture)
    others = EMBLEMS[place + 1 :] + EMBLEMS[:place]
    return [pair for other in others if (pair := f"{picture}-{other}") not in taken]
