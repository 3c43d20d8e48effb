"""Which channels a notice goes by, one after the other: the whole table."""

from datetime import timedelta

import pytest

from app.notices.channels import AT_ONCE, Reach, channel, next_after
from app.notices.rules import POLICIES
from app.notices.words import Channel

PUSH, TEXT, TERMINAL, DESK = Channel.PUSH, Channel.TEXT, Channel.TERMINAL, Channel.DESK
DURABLE = timedelta(minutes=15)


def reach(
    *, number: bool = True, push: bool = False, stopped: bool = False, spend: bool = True, desk: bool = False
) -> Reach:  # fmt: skip
    return Reach(number, push, stopped, spend, desk)


def way(template: str, reached: Reach) -> list[tuple[Channel, timedelta | None]]:
    """All deliveries of a notice that is never read, each with the time that it is given."""
    found: list[tuple[Channel, timedelta | None]] = []
    while (by := channel(template, len(found) + 1, reached)) is not None:
        found.append((by, next_after(template, len(found) + 1, reached)))
    return found


@pytest.mark.parametrize(
    ("template", "reached", "wanted"),
    [
        ("booked", reach(), [(TEXT, None)]),
        ("booked", reach(push=True), [(PUSH, DURABLE), (TEXT, None)]),
        ("ring_parent", reach(push=True), [(PUSH, timedelta(seconds=20)), (TEXT, None)]),
        ("reminder_ten", reach(push=True), [(PUSH, timedelta(minutes=1)), (TEXT, None)]),
        ("unanswered_caregiver", reach(push=True), [(PUSH, timedelta(minutes=1)), (TEXT, None)]),
        ("booked", reach(number=False), [(TERMINAL, None)]),
        ("booked", reach(number=False, push=True), [(PUSH, AT_ONCE), (TERMINAL, None)]),
        ("booked", reach(stopped=True), [(TERMINAL, None)]),
        ("ring_village", reach(stopped=True), [(TERMINAL, None)]),
        ("booked", reach(spend=False), [(TERMINAL, None)]),
        ("booked", reach(spend=False, push=True), [(PUSH, AT_ONCE), (TERMINAL, None)]),
        ("cancelled", reach(spend=False), [(TEXT, None)]),
        ("sign_in_code", reach(push=True, stopped=True, spend=False), [(TEXT, None)]),
        ("invitation", reach(push=True), [(TEXT, None)]),
        ("invitation", reach(stopped=True), []),
        ("number_code", reach(number=False), []),
        ("parent_declined", reach(push=True), [(PUSH, timedelta(hours=1)), (TEXT, None)]),
        ("parent_declined", reach(spend=False), [(TERMINAL, None)]),
        ("voice_heard", reach(), [(TERMINAL, None)]),
        ("voice_heard", reach(push=True), [(PUSH, AT_ONCE), (TERMINAL, None)]),
        ("unreached", reach(desk=True, number=False), [(DESK, None)]),
        ("unreached", reach(desk=True, number=False, push=True), [(PUSH, AT_ONCE), (DESK, None)]),
    ],
)  # fmt: skip
def test_the_way_of_a_notice(
    template: str, reached: Reach, wanted: list[tuple[Channel, timedelta | None]]
) -> None:  # fmt: skip
    assert way(template, reached) == wanted


@pytest.mark.parametrize("template", POLICIES)
def test_a_push_is_never_the_only_channel_and_a_code_is_never_pushed(template: str) -> None:
    for number in (True, False):
        for push in (True, False):
            for stopped in (True, False):
                for spend in (True, False):
                    reached = reach(number=number, push=push, stopped=stopped, spend=spend)
                    channels = [by for by, _after in way(template, reached)]
                    assert channels[-1:] != [PUSH]
                    assert PUSH not in channels or not POLICIES[template].is_for_number


@pytest.mark.parametrize("template", POLICIES)
def test_only_what_is_essential_goes_beyond_the_budget(template: str) -> None:
    assert (channel(template, 1, reach(spend=False)) is TEXT) == POLICIES[template].is_essential
