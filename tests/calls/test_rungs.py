"""What a call's rungs were: proposed by its ends, kept in its log up to a limit, summed up at its end."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.calls import proposing, queries, rungs, seats
from app.calls.models import CallEvent, LinkSample
from app.calls.rungs import Proposal, Spell
from app.calls.seats import Figures
from app.calls.words import RUNG, CallState, SeatSide, Side
from app.kernel.errors import NotFound, Refused
from app.kernel.rungs import RungName
from app.web.principals import Principal
from tests.flows.conftest import Evening, evening_on
from tests.scene import NOW, Scene, at

VIDEO, THIN, MICRO, STILLS, VOICE = list(RungName)[:5]
START = at(19)


def said(second: int, side: Side, rung: RungName, reason: str = "loss", *, is_held: bool = False) -> Proposal:
    return Proposal(NOW + timedelta(seconds=second), side, rung, reason, is_held)


def spells(*proposals: Proposal, until: int = 100) -> list[Spell]:
    return rungs.spells(proposals, NOW, NOW + timedelta(seconds=until))


def test_the_lower_of_two_is_in_effect() -> None:
    ours, theirs = Side.PARENT, Side.VILLAGE
    found = spells(said(-5, ours, VIDEO), said(10, theirs, STILLS), said(30, ours, VOICE), said(60, ours, MICRO))
    assert found == [
        Spell(VIDEO, 10, False), Spell(STILLS, 20, False), Spell(VOICE, 30, False), Spell(STILLS, 40, False),
    ]  # fmt: skip
    assert rungs.seconds_of(found) == {"video": 10, "stills": 60, "voice": 30}
    assert rungs.carried(found) is STILLS


def test_before_anything_was_said_nothing_counts() -> None:
    assert spells() == []
    assert spells(said(90, Side.PARENT, VOICE), said(120, Side.PARENT, VIDEO)) == [Spell(VOICE, 10, False)]


def test_what_a_person_holds_says_nothing_of_the_link() -> None:
    found = spells(said(0, Side.PARENT, VIDEO), said(10, Side.VILLAGE, VOICE, "held", is_held=True))
    assert rungs.seconds_of(found) == {"video": 10, "voice": 90}
    assert rungs.carried(found) is VIDEO
    assert rungs.carried(spells(said(0, Side.VILLAGE, VOICE, "held", is_held=True))) is None
    both = spells(said(0, Side.PARENT, VOICE), said(0, Side.VILLAGE, VOICE, "held", is_held=True))
    assert rungs.carried(both) is VOICE, "the link gave no more either"


def test_reasons_are_those_for_going_down() -> None:
    why = ["start", "link", "better", "loss", "link", "held", "other", "nothing"]
    proposals = [said(n, Side.PARENT, VOICE, reason) for n, reason in enumerate(why)]
    assert rungs.reasons_of(proposals) == {"link": 2, "loss": 1, "nothing": 1}


@given(
    st.lists(st.builds(said, st.integers(-50, 150), st.sampled_from(Side), st.sampled_from(RungName))),
    st.integers(0, 100),
)
def test_seconds_add_up_to_the_time_in_which_somebody_had_said_something(proposals: list[Proposal], until: int) -> None:
    found = spells(*proposals, until=until)
    first = min((proposal.at for proposal in proposals), default=NOW + timedelta(days=1))
    known = max(0.0, min(until, (NOW + timedelta(seconds=until) - first).total_seconds()))
    assert sum(spell.seconds for spell in found) == pytest.approx(known)


@pytest.fixture
def evening(scene: Scene, tmp_path: Path) -> Evening:
    return evening_on(scene.database, tmp_path, scene=scene)


@pytest.fixture
def live(evening: Evening) -> str:
    alice = evening.scene.alice
    call_id = evening.scene.book(alice, START)
    evening.until(START)
    for who in (alice.as_parent, alice.as_terminal):
        evening.take(call_id, who)
    for who in (alice.as_parent, alice.as_terminal):
        evening.hear(call_id, who)
    assert evening.scene.call(call_id).state is CallState.LIVE
    return call_id


def propose(
    evening: Evening, call_id: str, who: Principal, rung: RungName, reason: str = "link", *, is_held: bool = False
) -> bool:
    with evening.scene.database.begin() as session:
        now = evening.scene.clock.now()
        return proposing.propose(session, call_id, who.device_id, rung, reason, is_held, now) is not None


def report(evening: Evening, call_id: str, who: Principal, **figures: Any) -> None:
    with evening.scene.database.begin() as session:
        seats.report(session, call_id, who.device_id, Figures(**figures), evening.scene.clock.now())


def logged(evening: Evening, call_id: str) -> list[tuple[datetime, str]]:
    with evening.scene.database.read() as session:
        found = select(CallEvent).where(CallEvent.call_id == call_id, CallEvent.kind == RUNG)
        return [(event.at, event.detail["rung"]) for event in session.scalars(found.order_by(CallEvent.at))]


def test_changes_are_kept_and_repetitions_are_none(evening: Evening, live: str) -> None:
    parent = evening.scene.alice.as_parent
    assert propose(evening, live, parent, VIDEO, "start")
    assert not propose(evening, live, parent, VIDEO, "better")
    evening.scene.clock.step(seconds=10)
    assert propose(evening, live, parent, STILLS)
    assert logged(evening, live) == [(START, "video"), (START + timedelta(seconds=10), "stills")]
    assert propose(evening, live, parent, STILLS, "held", is_held=True), "a hold is a change"


def test_a_liar_fills_no_table_and_silences_nobody(
    evening: Evening, live: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proposing, "MOST_CHANGES", 6)
    alice = evening.scene.alice
    for n in range(20):
        assert propose(evening, live, alice.as_parent, VOICE if n % 2 else VIDEO), "it is still passed on"
    assert len(logged(evening, live)) == 6
    propose(evening, live, alice.as_terminal, STILLS)
    assert len(logged(evening, live)) == 7
    with evening.scene.database.read() as session:
        assert {seat.side.value: seat.rung for seat in queries.seats(session, live)} == {
            "parent": VOICE, "village": STILLS,
        }  # fmt: skip


def test_many_at_once_keep_to_the_limit(evening: Evening, live: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "MOST_CHANGES", 5)
    parent = evening.scene.alice.as_parent
    rungs_ = [list(RungName)[n % 7] for n in range(14)]
    threads = [threading.Thread(target=propose, args=(evening, live, parent, rung)) for rung in rungs_]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(logged(evening, live)) == 5


def test_only_who_sits_in_a_call_that_goes_on_may_propose(evening: Evening, live: str) -> None:
    scene = evening.scene
    with pytest.raises(NotFound):
        propose(evening, live, scene.bob.as_parent, VOICE)
    with pytest.raises(NotFound):
        propose(evening, "nosuchcall", scene.alice.as_parent, VOICE)
    evening.leave(live, scene.alice.as_terminal)
    evening.leave(live, scene.alice.as_parent)
    with pytest.raises((NotFound, Refused)):
        propose(evening, live, scene.alice.as_parent, VOICE)


def test_another_page_proposes_anew(evening: Evening, live: str) -> None:
    alice = evening.scene.alice
    propose(evening, live, alice.as_parent, VOICE)
    with evening.scene.database.begin() as session:
        device = seats.Device("another", "another page", True)
        assert seats.take(session, live, alice.as_parent, device, evening.scene.clock.now()).seat.rung is None


def test_a_call_keeps_its_rungs_bytes_and_rate(evening: Evening, live: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    propose(evening, live, alice.as_parent, VIDEO, "start")
    propose(evening, live, alice.as_terminal, MICRO, "start")
    for second, (sent, received) in enumerate([(1_000, 500), (5_000, 900), (700, 100), (1_700, 100)]):
        more = {"rung": MICRO, "jitter_ms": 40 + second, "concealed_permille": 3, "received_audio_bytes": 9}
        rates = {"sent_kbps": [50, 10, 60, 20][second], "received_kbps": 30}
        report(evening, live, alice.as_terminal, sent_bytes=sent, received_bytes=received, **rates, **more)
    report(evening, live, alice.as_parent, rung=VIDEO, rtt_ms=310, loss_permille=8, received_audio_bytes=9)
    scene.clock.step(minutes=4)
    propose(evening, live, alice.as_terminal, STILLS, "delay")
    scene.clock.step(minutes=2)
    for who in (alice.as_parent, alice.as_terminal):
        evening.beat(who)
    for who in (alice.as_parent, alice.as_terminal):
        evening.leave(live, who)
    call = scene.call(live)
    assert (call.rung_seconds, call.rung_reasons) == ({"micro_video": 240, "stills": 120}, {"delay": 1})
    assert (call.link_rung, call.link_kbps) == (MICRO, 40)
    assert (call.village_bytes, call.parent_bytes) == (5_000 + 1_700 + 900 + 100, None)
    with scene.database.read() as session:
        samples = session.scalars(select(LinkSample).where(LinkSample.call_id == live, LinkSample.rung.is_not(None)))
        kept = [(e.side, e.rung, e.rtt_ms, e.loss_permille, e.jitter_ms, e.concealed_permille) for e in samples]
    terminals = [(Side.VILLAGE, MICRO, None, None, jitter_ms, 3) for jitter_ms in (40, 41, 42, 43)]
    assert sorted(kept, key=lambda e: e[4] or 0) == [(Side.PARENT, VIDEO, 310, 8, None, None), *terminals]


def test_bytes_count_on_over_another_page(evening: Evening, live: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    report(evening, live, alice.as_parent, sent_bytes=1_000, received_bytes=0)
    with scene.database.begin() as session:
        seats.take(session, live, alice.as_parent, seats.Device("another", "another page", True), scene.clock.now())
    with scene.database.begin() as session:
        seats.report(session, live, "another", Figures(sent_bytes=3_000, received_bytes=50), scene.clock.now())
    with scene.database.read() as session:
        (seat,) = [seat for seat in queries.seats(session, live) if seat.side is SeatSide.PARENT]
        assert (seat.sent_bytes, seat.received_bytes) == (4_000, 50)


def test_below_what_is_held_the_link_decides(evening: Evening, live: str) -> None:
    scene, alice = evening.scene, evening.scene.alice
    propose(evening, live, alice.as_parent, STILLS, "held", is_held=True)
    scene.clock.step(seconds=30)
    propose(evening, live, alice.as_parent, VOICE, "delay", is_held=True)
    scene.clock.step(seconds=10)
    propose(evening, live, alice.as_parent, STILLS, "better", is_held=True)
    scene.clock.step(seconds=20)
    for who in (alice.as_parent, alice.as_terminal):
        evening.beat(who)
    for who in (alice.as_parent, alice.as_terminal):
        evening.leave(live, who)
    call = scene.call(live)
    assert (call.rung_seconds, call.link_rung) == ({"stills": 50, "voice": 10}, VOICE)


def test_what_a_seat_begins_with_counts_until_it_says_otherwise(evening: Evening, live: str) -> None:
    """An end that never leaves its first rung sends no word of it."""
    scene, alice = evening.scene, evening.scene.alice
    with scene.database.begin() as session:
        for seat in queries.seats(session, live):
            assert proposing.begin(session, seat, scene.clock.now()) is MICRO
            assert proposing.begin(session, seat, scene.clock.now()) is MICRO
    assert [rung for _at, rung in logged(evening, live)] == ["micro_video"] * 2
    scene.clock.step(minutes=1)
    for who in (alice.as_parent, alice.as_terminal):
        evening.beat(who)
    for who in (alice.as_parent, alice.as_terminal):
        evening.leave(live, who)
    call = scene.call(live)
    assert (call.rung_seconds, call.link_rung, call.rung_reasons) == ({"micro_video": 60}, MICRO, {})


def test_a_call_without_proposals_keeps_none(evening: Evening, live: str) -> None:
    alice = evening.scene.alice
    evening.leave(live, alice.as_terminal)
    evening.leave(live, alice.as_parent)
    call = evening.scene.call(live)
    assert (call.rung_seconds, call.rung_reasons, call.link_rung) == (None, None, None)
    assert (call.link_kbps, call.parent_bytes, call.village_bytes) == (None, None, None)
