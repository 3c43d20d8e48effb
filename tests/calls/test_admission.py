"""Who is let into a seat, and who has to wait."""

import pytest

from app.calls.words import CallState
from app.kernel.errors import Refused
from tests.calls.media_stage import hear, leave, still_on, take, tick
from tests.scene import Scene, at


@pytest.mark.parametrize("state", [CallState.RINGING, CallState.LIVE])
def test_a_terminal_connects_ahead_when_the_call_before_is_over(scene: Scene, state: CallState) -> None:
    """A child in its seat holds it, before anybody is heard; a page that is refused asks again."""
    alice, bob = scene.alice, scene.bob
    before, after = scene.book(alice, at(19), minutes=25), scene.book(bob, at(19, 30))
    scene.clock.at = at(19)
    tick(scene, before)
    for who in (alice.as_parent, alice.as_terminal):
        take(scene, before, who)
    if state is CallState.LIVE:
        for who in (alice.as_parent, alice.as_terminal):
            hear(scene, before, who)
    scene.clock.at = at(19, 21)
    still_on(scene, before)
    assert scene.call(before).state is state
    take(scene, after, bob.as_parent, here=False)
    with pytest.raises(Refused, match="terminal_busy"):
        take(scene, after, bob.as_terminal, here=False)
    for who in (alice.as_parent, alice.as_terminal):
        leave(scene, before, who)
    assert take(scene, after, bob.as_terminal, here=False).seat.here_at is None
