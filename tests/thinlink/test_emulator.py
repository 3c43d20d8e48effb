"""Whether the link that benchmarks stand on is as thin as it says, measured by packets that go through it."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.groups import ROOT
from tests.thinlink.emulator import ThinLink, thin_link
from tests.web.waiting import until

HEADERS = 28  # IPv4 and UDP
PATIENCE = 0.6
# Takes datagrams that begin with a number, and says of each when it came, until none comes any more.
TAKES = """
import json, socket, sys, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taker:
    taker.bind((sys.argv[1], 0))
    print(taker.getsockname()[1], flush=True)
    came = []
    taker.settimeout(float(sys.argv[3]))
    try:
        while packet := taker.recv(2000):
            came.append((int(packet.split()[0]), time.monotonic()))
            taker.settimeout(float(sys.argv[2]))
    except TimeoutError:
        print(json.dumps(came))
"""
SENDS = """
import socket, sys, time
to, port, count, size, every = sys.argv[1:]
began = time.monotonic()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for number in range(int(count)):
        time.sleep(max(0, began + number * float(every) - time.monotonic()))
        sender.sendto(b"%d " % number + bytes(int(size) - len(b"%d " % number)), (to, int(port)))
print(began)
"""
STREAMS = """
import socket, sys
with socket.create_connection((sys.argv[1], int(sys.argv[2]))) as line:
    line.sendall(bytes(int(sys.argv[3])))
    line.shutdown(socket.SHUT_WR)
    line.recv(1)
"""
SAYS = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    for head in sys.argv[2:]:
        sender.sendto(bytes.fromhex(head) + bytes(70), (sys.argv[1], 9))
"""
OPENS = """
import subprocess, time
from tests.thinlink.emulator import thin_link
with thin_link(100, 100, 10) as link:
    inside = subprocess.Popen(link.inside("sleep", "600"))
    print(link.far, inside.pid, flush=True)
    time.sleep(600)
"""
Came = dict[int, float]


def through(
    link: ThinLink, count: int, size: int, every: float = 0, *, up: bool = False, first_within: float = 10
) -> tuple[float, Came]:
    """When the first of so many datagrams was sent, and which arrived when; programs of their own do it."""
    to = link.near if up else link.far
    taking = [sys.executable, "-c", TAKES, to, str(PATIENCE), str(first_within)]
    taker = subprocess.Popen(taking if up else link.inside(*taking), stdout=subprocess.PIPE, text=True)
    assert taker.stdout
    port = taker.stdout.readline().strip()
    sending = [sys.executable, "-c", SENDS, to, port, *map(str, (count, size - HEADERS, every))]
    said = subprocess.run(link.inside(*sending) if up else sending, check=True, stdout=subprocess.PIPE)
    came = dict(json.loads(taker.communicate()[0]))
    return float(said.stdout), came


@pytest.mark.parametrize(("up", "kbps"), [(False, 200), (True, 100)], ids=["down", "up"])
def test_each_way_has_its_rate_and_half_the_round_trip(up: bool, kbps: float) -> None:
    with thin_link(100, 200, 300) as link:
        began, came = through(link, 12, 1000, up=up)
        carried = link.carried().up if up else link.carried().down
    seconds_each = 1000 * 8 / (kbps * 1000)
    assert sorted(came) == list(range(12))
    assert came[0] - began == pytest.approx(0.150 + seconds_each, abs=0.03)
    assert came[11] - came[0] == pytest.approx(11 * seconds_each, abs=0.03)
    assert (carried.packets, carried.ip_bytes, carried.lost_packets) == (12, 12_000, 0)


def test_so_many_are_lost_and_each_by_its_own_lot() -> None:
    with thin_link(10_000, 10_000, 20, 0.2, seed=3) as link:
        _began, came = through(link, 1000, 100, 0.0005)
        counted = link.carried().down
        runs = [sum(1 for _ in run) for is_there, run in itertools.groupby(n in came for n in range(1000)) if is_there]
        link.begin(3)
        _began, again = through(link, 1000, 100, 0.0005)
        link.begin(4)
        _began, other = through(link, 1000, 100, 0.0005)
    assert 750 < len(came) < 850
    assert len(came) + counted.lost_packets == 1000
    assert sum(runs) / len(runs) == pytest.approx(5, abs=1), "as long as independent losses leave them"
    assert sorted(again) == sorted(came), "the same seed, the same losses"
    assert sorted(other) != sorted(came)


def test_what_finds_no_room_is_dropped() -> None:
    with thin_link(1000, 80, 20) as link:
        began, came = through(link, 30, 1000)
        counted = link.carried().down
    assert sorted(came) == list(range(16)), "one and a half seconds of a tenth each wait, one is under way"
    assert came[15] - began == pytest.approx(1.61, abs=0.05)
    assert (counted.dropped_packets, counted.ip_bytes) == (14, 30_000)


def test_nothing_comes_through_a_blackout() -> None:
    with thin_link(1000, 1000, 20) as link:
        link.begin(blackouts=[(0.5, 0.9)])
        starts = time.monotonic()
        began, came = through(link, 120, 100, 0.01)
    sent = {number: began - starts + number * 0.01 for number in range(120)}
    assert all(number in came for number, at in sent.items() if at < 0.45 or at > 0.95)
    assert not any(number in came for number, at in sent.items() if 0.53 < at < 0.87)


def test_what_programs_gave_to_tcp_is_counted_once() -> None:
    with thin_link(2000, 2000, 20, 0.05, seed=1) as link, socket.create_server((link.near, 0)) as server:
        port = str(server.getsockname()[1])
        sender = subprocess.Popen(link.inside(sys.executable, "-c", STREAMS, link.near, port, "120000"))
        line, _ = server.accept()
        with line:
            while line.recv(65_536):
                pass
            line.sendall(b"!")
        assert sender.wait(20) == 0
        carried = link.carried()
    assert carried.up.stream_bytes == 120_000
    assert carried.down.stream_bytes == 1
    assert carried.up.lost_packets > 0
    assert carried.up.ip_bytes > 120_000 * 1.03, "headers, and what was sent again"


def test_its_rate_delay_and_loss_change_while_it_runs() -> None:
    with thin_link(100, 100, 300) as link:
        link.shape(400, 200, 100)
        began, came = through(link, 12, 1000)
        link.shape(400, 200, 100, 1)
        before = link.carried().down.lost_packets
        _began, lost = through(link, 1, 1000, first_within=2)
        gone = link.carried().down.lost_packets - before
    assert came[0] - began == pytest.approx(0.05 + 0.04, abs=0.03)
    assert came[11] - came[0] == pytest.approx(11 * 0.04, abs=0.03)
    assert (lost, gone) == ({}, 1)


def test_a_blackout_begins_in_the_middle() -> None:
    with thin_link(1000, 1000, 20) as link:
        link.dark(0.4)
        starts = time.monotonic()
        began, came = through(link, 80, 100, 0.01)
        counted = link.carried().down
    first = min(came.values()) - starts
    assert 0.38 < first < 0.46
    assert counted.packets == 80, "the counting goes on"
    assert counted.lost_packets == 80 - len(came)
    assert began > starts


def test_the_far_end_gets_another_address() -> None:
    with thin_link(1000, 1000, 20) as link:
        before = link.far
        assert len(through(link, 5, 100)[1]) == 5
        link.move()
        assert link.far != before
        assert len(through(link, 5, 100)[1]) == 5
        assert len(through(link, 5, 100, up=True)[1]) == 5
        link.move()
        assert link.far == before


def test_each_second_is_told_by_what_it_carried() -> None:
    stun, rtp, rtcp, data, dtls = "0001", "80ef", "80c8", "17fe", "16fe"
    with thin_link(1000, 1000, 20) as link:
        link.begin()
        say(link, stun, rtp, rtp, rtcp, data)
        time.sleep(1)
        say(link, dtls)
        first, *_more, last = link.seconds().down
    assert first == {"packets": 5, "ip_bytes": 500, "stun": 100, "rtp_111": 200, "rtcp": 100, "data": 100}
    assert last == {"packets": 1, "ip_bytes": 100, "dtls": 100}


def say(link: ThinLink, *heads: str) -> None:
    """Datagrams to the far end that begin so, of 100 bytes each with their headers."""
    subprocess.run([sys.executable, "-c", SAYS, link.far, *heads], check=True)


@pytest.mark.parametrize("killed", ["who opened it", "the link"])
def test_nothing_is_left_when_it_is_killed(killed: str) -> None:
    opener = subprocess.Popen([sys.executable, "-c", OPENS], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert opener.stdout
    far, inside = opener.stdout.readline().split()
    link = int(Path(f"/proc/{opener.pid}/task/{opener.pid}/children").read_text().split()[0])
    try:
        assert far in routes()
        until(lambda: namespace(inside) == namespace(link) != namespace("self"))
        os.kill(opener.pid if killed == "who opened it" else link, signal.SIGKILL)
        until(lambda: far not in routes())
    finally:
        opener.kill()
        opener.wait()
        opener.stdout.close()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in (inside, link)))


def routes() -> str:
    return subprocess.check_output(["ip", "route"], text=True)


def namespace(pid: int | str) -> str:
    return os.readlink(f"/proc/{pid}/ns/net")
