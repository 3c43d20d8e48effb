"""The database's half of a delivery: what is to be done for a due row, and what became of a call. Calls nobody.

Every attempt is written down as "sending" before its vendor is called, and belongs to the worker that wrote it. One
whose fate nobody knows is "unknown", and is settled by a receipt, by asking its vendor, or by the policy of its kind:
until then nothing is given to another gateway.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.jobs.rules import MAX_ATTEMPTS
from app.jobs.service import Leased
from app.jobs.settling import DONE, Done, Failed, Later
from app.kernel.numbers import E164
from app.notices import channels, digest, outcomes, outside, pushes, rules, terms
from app.notices.cases import Case
from app.notices.channels import Reach
from app.notices.models import Attempt, Delivery
from app.notices.outcomes import RANK
from app.notices.outside import Came, Missing, NoWord, Outside, PushOut, Question, Refusal, Send, Took, Under
from app.notices.ports import SmsGateway
from app.notices.pushes import Outcome
from app.notices.segments import segments
from app.notices.service import put_delivery
from app.notices.switchboard import Switchboard
from app.notices.templates import WRITTEN_FREELY, Rendered
from app.notices.words import AttemptState, Channel, DeliveryState, NoticeState
from app.storage.database import new_id

PUSH = "push"  # what stands as the gateway of a push
# Rows that wait for the same gateway are spread over this.
SPREAD = timedelta(seconds=5)


@dataclass(frozen=True)
class Work:
    """What all rows of one transaction share; `jitter` is in 0..1."""

    session: Session
    outside: Outside
    board: Switchboard
    now: datetime
    jitter: float
    tally: terms.Tally


Step = Under | Later | Failed | Done


def decide(work: Work, row: Leased, case: Case) -> Step:
    """What to do next: send (already written down), ask the vendor, wait, or nothing."""
    if case.delivery and case.delivery.state in (DeliveryState.SENDING, DeliveryState.UNKNOWN):
        return _doubt(work, row, case)
    if not _is_wanted(work, case):
        return DONE
    return _begin(work, row, case)


def came(work: Work, row: Leased, case: Case, under: Under, what: Came) -> Step:
    """What to do next after a call, unless somebody else went on with this delivery in between."""
    if isinstance(what, Outcome):
        pushes.settle(work.session, what, work.now)
        what = outside.came_of_push(what)
    attempt = next((each for each in case.attempts if each.id == under.attempt_id), None)
    awaited = AttemptState.UNKNOWN if isinstance(under, Question) else AttemptState.SENDING
    if attempt is None:
        return decide(work, row, case)
    if isinstance(what, Took):
        return _taken(work, row, case, attempt, what.ref)
    if attempt.state is not awaited:
        return decide(work, row, case)
    if isinstance(under, Question):
        return _asked(work, row, case, attempt, what)
    assert not isinstance(what, Missing)
    if isinstance(what, Refusal):
        return _refused(work, row, case, attempt, under, what)
    return _unanswered(work, case, attempt, what.error)


def _is_wanted(work: Work, case: Case) -> bool:
    """A notice is told once, and by a further channel only while nobody has read it."""
    notice, delivery = case.notice, case.delivery
    if delivery is not None and delivery.state is not DeliveryState.WAITING:
        return False
    if notice.told_in_id is not None or notice.state is NoticeState.CANCELLED:
        return False
    if notice.closed_at is not None or not terms.is_on(work.session, notice):
        if notice.state is NoticeState.PLANNED:
            notice.state = NoticeState.CANCELLED
        return False
    if case.number == 1:
        return notice.state is NoticeState.PLANNED
    return delivery is not None or rules.is_useful(notice.template, notice.due_at, work.now)


def _begin(work: Work, row: Leased, case: Case, tried: frozenset[str] = frozenset()) -> Step:
    notice = case.notice
    if not rules.is_useful(notice.template, notice.due_at, work.now):
        return outcomes.fail(work.session, case, Channel.TEXT, "too_late", work.now)
    reach = _reach(work, case)
    channel = case.delivery.channel if case.delivery else channels.channel(notice.template, case.number, reach)
    match channel:
        case Channel.TEXT:
            return _text(work, row, case, reach, tried)
        case Channel.PUSH:
            return _push(work, case, reach)
        case Channel.TERMINAL | Channel.DESK:
            return _show(work, case, Channel(channel), reach)
    if case.earlier:
        return DONE
    if reach.is_stopped:
        notice.state = NoticeState.CANCELLED
        return DONE
    return outcomes.fail(work.session, case, Channel.TEXT, "no_number", work.now)


def _reach(work: Work, case: Case) -> Reach:
    """Which channel is the next one is counted from the first that was tried, even if that is gone meanwhile."""
    reach = terms.reach(work.session, case.notice, work.now, has_push_sender=work.outside.push is not None)
    return replace(reach, has_push=case.earlier[0].channel == Channel.PUSH) if case.earlier else reach


def _show(work: Work, case: Case, channel: Channel, reach: Reach) -> Done:
    """Whoever comes to the terminal, or sits at the desk, finds it there."""
    delivery = _delivery(work, case, channel, reach)
    delivery.channel, delivery.state, delivery.error, delivery.settled_at = channel, DeliveryState.SENT, None, work.now
    case.notice.state = NoticeState.OUT
    return DONE


def _push(work: Work, case: Case, reach: Reach) -> Step:
    wanted = pushes.targets(work.session, case.notice, work.now)
    delivery = _delivery(work, case, Channel.PUSH, reach)
    if not wanted or work.outside.push is None:
        return outcomes.fail(work.session, case, Channel.PUSH, "no_browser", work.now)
    attempt = _attempt(work, case, delivery, PUSH, 0)
    return PushOut(attempt.id, work.outside.push, wanted)


def _text(work: Work, row: Leased, case: Case, reach: Reach, tried: frozenset[str]) -> Step:
    notice = case.notice
    to = terms.number_of(work.session, notice)
    if to is None:
        return _show(work, case, Channel.TERMINAL, reach)
    if not case.attempts and (again_at := digest.gather(work.session, notice, work.now)):
        return Later(again_at)
    return DONE if notice.told_in_id is not None else _leave(work, row, case, reach, E164(to), tried)


def _leave(work: Work, row: Leased, case: Case, reach: Reach, to: E164, tried: frozenset[str]) -> Step:
    """By the first gateway that is not shut and can carry it, if the budget allows for it."""
    ways = [gateway for gateway in work.outside.gateways if _takes(gateway, case.notice.template)]
    if not ways:
        return outcomes.fail(work.session, case, Channel.TEXT, "no_free_text", work.now)
    for gateway in work.board.open_ways(tried):
        if gateway not in ways:
            continue
        says, count = _worded(work, case, gateway)
        if count <= gateway.max_segments and work.board.takes(gateway.name):
            if not terms.spend(work.session, case.notice, count, work.now, work.tally):
                return _show(work, case, Channel.TERMINAL, reach)
            attempt = _attempt(work, case, _delivery(work, case, Channel.TEXT, reach), gateway.name, count)
            return Send(attempt.id, gateway, case.key, to, says, tried)
    if all(_worded(work, case, gateway)[1] > gateway.max_segments for gateway in ways):  # the shut ones too
        return outcomes.fail(work.session, case, Channel.TEXT, "too_long", work.now)
    return _wait(work, row, _delivery(work, case, Channel.TEXT, reach), tried)


def _takes(gateway: SmsGateway, template: str) -> bool:
    """What somebody wrote freely is in no vendor's list of approved texts."""
    return not (gateway.templates_only and template in WRITTEN_FREELY)


def _worded(work: Work, case: Case, gateway: SmsGateway) -> tuple[Rendered, int]:
    """What the text says by this gateway, and its segments."""
    says = work.outside.wording.of(work.session, case.notice, gateway, work.now)
    return says, segments(gateway.signature + says.text)


def _wait(work: Work, row: Leased, delivery: Delivery, tried: frozenset[str]) -> Step:
    """For as long as the notice is of use: until a gateway may be tried again, or a while that grows."""
    delivery.state, delivery.error = DeliveryState.WAITING, "no_gateway"
    if tried and any(True for _ in work.board.open_ways(frozenset())):
        if row.attempts < MAX_ATTEMPTS:
            return Failed("no gateway took it")
        return Later(work.now + rules.OUTAGE_PAUSE)
    return Later(work.board.opens_at() + SPREAD * work.jitter)


def _delivery(work: Work, case: Case, channel: Channel, reach: Reach) -> Delivery:
    """The delivery itself; with its beginning, the next one is planned in case that this one is not read."""
    if case.delivery is not None:
        return case.delivery
    notice = case.notice
    case.delivery = Delivery(
        id=new_id(work.session), notice_id=notice.id, number=case.number, channel=channel,
        state=DeliveryState.WAITING, attempts=0, doubts=0,
    )  # fmt: skip
    work.session.add(case.delivery)
    after = channels.next_after(notice.template, case.number, reach)
    if after is not None:
        put_delivery(work.session, notice, case.number + 1, work.now + after, work.now)
    return case.delivery


def _attempt(work: Work, case: Case, delivery: Delivery, gateway: str, count: int) -> Attempt:
    number = case.last.number + 1 if case.last else 1
    attempt = Attempt(
        id=new_id(work.session), delivery_id=delivery.id, number=number, gateway=gateway, key=case.key,
        state=AttemptState.SENDING, segments=count, began_at=work.now,
    )  # fmt: skip
    work.session.add(attempt)
    case.attempts.append(attempt)
    delivery.state = DeliveryState.SENDING
    delivery.attempts += 1
    return attempt


def _taken(work: Work, row: Leased, case: Case, attempt: Attempt, ref: str) -> Step:
    """That holds even if somebody else went on meanwhile: nothing is sent again from now on."""
    if attempt.gateway != PUSH and attempt.state is AttemptState.SENDING:
        work.board.answered(attempt.gateway, has_taken=True)
    attempt.ref = attempt.ref or ref
    if RANK[attempt.state] >= RANK[AttemptState.SENT]:
        return decide(work, row, case)
    outcomes.move(case, attempt, AttemptState.SENT, work.now)
    return DONE


def _refused(work: Work, row: Leased, case: Case, attempt: Attempt, under: Under, refusal: Refusal) -> Step:
    """Not taken: it can't be delivered to this number, or it goes on at once by the next gateway."""
    outcomes.move(case, attempt, AttemptState.REFUSED, work.now, refusal.error)
    if attempt.gateway == PUSH:
        return outcomes.fail(work.session, case, Channel.PUSH, "refused", work.now)
    terms.give_back(work.session, case.notice, attempt.segments, attempt.began_at, work.tally)
    if refusal.is_permanent:
        work.board.answered(attempt.gateway, has_taken=False)
    else:
        work.board.fault(attempt.gateway, attempt.began_at, refusal.error)
    if outcomes.has_arrived(case):
        return DONE
    if refusal.is_permanent:
        return outcomes.fail(work.session, case, Channel.TEXT, "refused", work.now)
    assert isinstance(under, Send)
    delivery = case.there()
    delivery.state, delivery.error = DeliveryState.WAITING, "no_gateway"
    if not _is_wanted(work, case):
        return DONE
    return _begin(work, row, case, under.tried | {attempt.gateway})


def _unanswered(work: Work, case: Case, attempt: Attempt, error: str) -> Later:
    """Nobody knows whether it was taken: looked at again when it can't be under way any more."""
    if attempt.gateway != PUSH:
        work.board.fault(attempt.gateway, attempt.began_at, error)
    outcomes.to_unknown(case, attempt, error)
    return Later(work.now + rules.pause_after_doubt(case.there().doubts))


def _asked(work: Work, row: Leased, case: Case, attempt: Attempt, what: Missing | Refusal | NoWord) -> Step:
    """The vendor does not have it: send it, if it is still wanted. One that does not say is asked again for a while."""
    if isinstance(what, Missing):
        outcomes.move(case, attempt, AttemptState.REFUSED, work.now, attempt.error)
        terms.give_back(work.session, case.notice, attempt.segments, attempt.began_at, work.tally)
        if outcomes.has_arrived(case):
            return DONE
        case.there().state = DeliveryState.WAITING
        return _begin(work, row, case) if _is_wanted(work, case) else DONE
    if row.attempts < MAX_ATTEMPTS:
        return Failed(f"its gateway does not say whether it has it: {what.error}")
    return _by_policy(work, row, case, attempt)


def _doubt(work: Work, row: Leased, case: Case) -> Step:
    attempt = case.last
    assert attempt is not None
    if rules.is_in_flight(attempt.began_at, work.now):
        return Later(attempt.began_at + rules.IN_FLIGHT)
    if attempt.state is AttemptState.SENDING:
        outcomes.to_unknown(case, attempt, "its worker died")
    gateway = work.board.named(attempt.gateway)
    if gateway is not None and gateway.can_query:
        return Question(attempt.id, gateway, attempt.key)
    return _by_policy(work, row, case, attempt)


def _by_policy(work: Work, row: Leased, case: Case, attempt: Attempt) -> Step:
    """Nobody can be asked: repeated once after the receipt's deadline, or left as it is."""
    notice, delivery = case.notice, case.there()
    if notice.state is NoticeState.CANCELLED:
        return DONE
    again_at = rules.repeat_at(notice.template, notice.due_at, attempt.began_at, delivery.doubts)
    if again_at is None or notice.closed_at is not None:
        outcomes.leave(work.session, case, work.now)
        return DONE
    if work.now >= again_at:
        return _begin(work, row, case)
    put_delivery(work.session, notice, case.number, again_at, work.now, repeat=True)
    return DONE
