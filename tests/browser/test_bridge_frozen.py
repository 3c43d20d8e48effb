"""A browser in a call of three stands still for half a minute, as one does whose machine sleeps; then it goes on."""

import os
import signal
import time
from functools import partial
from pathlib import Path

import pytest

from app.calls.words import CallState
from tests.browser import stories
from tests.browser.conftest import Devices
from tests.browser.stories import sees, wait_until
from tests.browser.test_bridge import (
    BACK_MS,
    LONGEST_GAP_MS,
    Record,
    comes_in,
    hears_bridge,
    is_on_bridge,
    longest,
    talking,
)
from tests.browser.village import Village

FROZEN_MS = 30_000


def renderers() -> set[int]:
    """Ids of the processes of this run's browsers that have pages in them."""
    parents: dict[int, int] = {}
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if b"--type=renderer" in (folder / "cmdline").read_bytes():
                found.add(int(folder.name))
        except OSError:
            continue  # it has ended

    def is_ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and is_ours(parents[pid]))

    return {pid for pid in found if is_ours(pid)}


@pytest.mark.long
@pytest.mark.expects_complaints
def test_a_browser_that_was_frozen_hears_again_by_itself(
    village: Village, devices: Devices, record_property: Record
) -> None:
    village.start("media1")
    phone, terminal, call_id = talking(village, devices)
    others = renderers()
    father = comes_in(devices, village)
    frozen = renderers() - others
    assert frozen
    for end in (phone, terminal, father):
        wait_until(end, "the bridge alone", partial(is_on_bridge, end), 30)
    for end in (phone, terminal):
        end.evaluate("ears.listen()")
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    try:
        phone.wait_for_timeout(FROZEN_MS)
    finally:
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
    woke = time.monotonic()
    father.evaluate("ears.listen()")
    wait_until(father, "a voice by one connection", partial(hears_bridge, father), BACK_MS / 1_000)
    record_property("figure", f"father: hears {time.monotonic() - woke:.1f} s after he woke")
    sees(father, "live")
    for name, end in (("phone", phone), ("terminal", terminal)):
        gap = longest(end)
        record_property("figure", f"{name}: silent for {gap} ms while another one was frozen, and when he came back")
        assert gap <= LONGEST_GAP_MS, end.evaluate("ears.silences")
        sees(end, "live")
    assert stories.call_of(village, call_id).state is CallState.LIVE
