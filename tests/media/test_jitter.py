"""A voice over an uneven link, played at its time: order, loss, silence, clocks that drift, what nobody would send."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.media.frames import EncodedFrame
from app.media.jitter import MOST_FRAMES, SPARE_MS, JitterBuffer, Lost

TICK_MS = 10


def frame(number: int, ms: float = 60, *, at_ms: float | None = None, ssrc: int = 1, stamp: int = 0) -> EncodedFrame:
    at = number * ms if at_ms is None else at_ms
    return EncodedFrame(
        bytes(40), (stamp + round(at * 48)) % (1 << 32), number % 65_536, 0, "audio", ssrc=ssrc, duration_ms=ms
    )  # fmt: skip


@dataclass
class Player:
    """Asks every 10 ms, and notes when what was played."""

    buffer: JitterBuffer
    played: list[tuple[float, EncodedFrame]] = field(default_factory=list)
    lost_ms: float = 0

    def run(self, arriving: Iterable[tuple[float, EncodedFrame]], until_ms: float) -> None:
        coming = sorted(arriving, key=lambda each: each[0])
        now_ms = 0.0
        while now_ms <= until_ms:
            while coming and coming[0][0] <= now_ms:
                at_ms, arrived = coming.pop(0)
                self.buffer.put(arrived, at_ms)
            while (item := self.buffer.get(now_ms)) is not None:
                if isinstance(item, Lost):
                    self.lost_ms += item.ms
                else:
                    self.played.append((now_ms, item))
            now_ms += TICK_MS

    @property
    def numbers(self) -> list[int]:
        return [each.sequence for _, each in self.played]

    def delays(self, said_at: Callable[[EncodedFrame], float]) -> list[float]:
        return [at_ms - said_at(each) for at_ms, each in self.played]


def play(arriving: Iterable[tuple[float, EncodedFrame]], until_ms: float, target_ms: float = 60) -> Player:
    player = Player(JitterBuffer(target_ms, 400))
    player.run(arriving, until_ms)
    return player


def test_an_even_link_plays_everything_at_the_target() -> None:
    player = play([(n * 60 + 30, frame(n)) for n in range(50)], 4_000)
    assert player.numbers == list(range(50))
    assert all(60 <= delay - 30 <= 60 + TICK_MS for delay in player.delays(lambda each: each.sequence * 60))


def test_packets_are_put_in_order() -> None:
    arrivals = [n * 60 + (130 if n % 5 == 3 else 10) for n in range(100)]
    player = play([(at, frame(n)) for n, at in enumerate(arrivals)], 8_000, target_ms=140)
    assert player.numbers == list(range(100))


@pytest.mark.parametrize("ms", [20, 60, 120])
def test_what_is_lost_is_said_to_be_with_what_comes_after_it(ms: int) -> None:
    buffer = JitterBuffer(2 * ms, 400)
    for number in (0, 1, 3):
        buffer.put(frame(number, ms), number * ms)
    items = [buffer.get(now) for now in (2 * ms, 3 * ms, 4 * ms, 5 * ms)]
    assert items == [frame(0, ms), frame(1, ms), Lost(ms, frame(3, ms)), frame(3, ms)]


def test_what_comes_after_it_was_given_up_is_left_out() -> None:
    buffer = JitterBuffer(60, 400)
    buffer.put(frame(0), 0)
    assert buffer.get(60) == frame(0)
    assert buffer.get(120) == Lost(60)
    buffer.put(frame(1), 150)
    assert buffer.get(150) is None
    assert buffer.dropped["late"] == 1


def test_the_delay_grows_to_what_the_link_needs() -> None:
    uneven = random.Random(3)
    arrivals = [n * 60 + uneven.uniform(0, 180) for n in range(300)]
    player = play([(at, frame(n)) for n, at in enumerate(arrivals)], 20_000)
    assert 140 < player.buffer.target_ms <= 180
    assert len([number for number in player.numbers if number >= 200]) >= 93


def test_and_shrinks_when_the_link_is_even_again() -> None:
    uneven = random.Random(3)
    arrivals = [n * 60 + (uneven.uniform(0, 180) if n < 200 else 0) for n in range(600)]
    player = play([(at, frame(n)) for n, at in enumerate(arrivals)], 40_000)
    assert player.buffer.delay_ms < 60 + 60 + 2 * SPARE_MS
    assert len(player.numbers) >= 600 - 25


def test_silence_neither_counts_as_loss_nor_makes_the_delay_longer() -> None:
    """Words of a second, silence of two, of which something is sent each 400 ms."""
    arriving, number = [], 0
    for word in range(10):
        begins = word * 3_000
        times = [begins + n * 60 for n in range(17)] + [begins + 1_020 + n * 400 for n in range(1, 5)]
        for at in times:
            arriving.append((at + 20.0, frame(number, at_ms=at)))
            number += 1
    player = play(arriving, 31_000)
    assert player.numbers == list(range(number))
    said = {each.sequence: at - 20 for at, each in arriving}
    assert max(player.delays(lambda each: said[each.sequence])) <= 20 + 60 + TICK_MS
    assert player.lost_ms <= 10 * 5 * 240  # concealed ends of words: comfort noise, at most 240 ms each


@pytest.mark.parametrize("ppm", [-200, 200])
def test_clocks_that_drift_for_half_an_hour(ppm: int) -> None:
    """One who never pauses: the worst case."""
    arriving = [(n * 60 * (1 + ppm / 1e6) + 15, frame(n)) for n in range(30_000)]
    player = play(arriving, 30_000 * 60 + 2_000)
    assert len(player.numbers) >= 30_000 - 10
    late = player.delays(lambda each: each.sequence * 60 * (1 + ppm / 1e6))
    assert max(late) <= 15 + 60 + 60 + 2 * SPARE_MS + TICK_MS


def test_numbers_and_stamps_wrap() -> None:
    arriving = [(n * 60.0, frame(n)._replace(
        sequence=(65_530 + n) % 65_536, rtp_timestamp=((1 << 32) - 10_000 + n * 2_880) % (1 << 32)
    )) for n in range(20)]  # fmt: skip
    player = play(arriving, 2_000)
    assert player.numbers == [(65_530 + n) % 65_536 for n in range(20)]
    assert player.lost_ms <= 240


def test_another_stream_takes_the_place_of_the_one_before() -> None:
    old = [(n * 60.0, frame(n, stamp=77_777)) for n in range(20)]
    new = [(1_200 + n * 60.0, frame(n, ssrc=2, stamp=4_000_000_000)) for n in range(20)]
    straggler = [(1_500.0, frame(21, stamp=77_777))]
    player = play([*old, *new, *straggler], 3_000)
    assert [each.sequence for _, each in player.played if each.ssrc == 2] == list(range(20))
    assert player.buffer.dropped["gone"] == 1


def test_a_clock_that_leaps_begins_anew() -> None:
    old = [(n * 60.0, frame(n)) for n in range(10)]
    new = [(600 + n * 60.0, frame(10 + n, at_ms=1_000_000 + n * 60)) for n in range(10)]
    assert set(range(10, 20)) <= set(play([*old, *new], 2_000).numbers)


def test_packets_of_mixed_lengths() -> None:
    arriving, at = [], 0.0
    for number, ms in enumerate([20, 60, 120, 20, 20, 40, 60] * 10):
        arriving.append((at, frame(number, ms, at_ms=at)))
        at += ms
    player = play(arriving, at + 1_000, target_ms=120)
    assert player.numbers == list(range(70))
    assert player.lost_ms <= 240


def test_there_is_time_for_what_was_lost_to_come_with_the_next_packet() -> None:
    """Each tenth packet is lost and comes 60 ms later; from the second time on it is waited for."""
    arriving = [(n * 60.0, frame(n)) for n in range(300) if n % 10 != 9]
    repeats = [(n * 60.0 + 60, frame(n)._replace(is_recovered=True)) for n in range(300) if n % 10 == 9]
    player = play([*arriving, *repeats], 20_000)
    assert len(player.numbers) >= 298
    assert player.buffer.target_ms == pytest.approx(60 + 20)
    uneven = play([*((at + n % 3 * 15, each) for n, (at, each) in enumerate(arriving)), *repeats], 20_000)
    assert len(uneven.numbers) >= 296


def test_a_flood_is_bounded() -> None:
    buffer = JitterBuffer(60, 400)
    for number in range(5_000):
        buffer.put(frame(number, 2.5), 1.0)
    assert len(buffer.waiting()) <= MOST_FRAMES
    assert buffer.dropped["flood"] > 1_000


@pytest.mark.parametrize("is_told", [True, False])
def test_a_program_that_stood_still_does_not_take_it_for_the_links_doing(is_told: bool) -> None:
    """A voice begins while it stands still for 400 ms, and is read at once. Of a link the delay stays for seconds."""
    player = Player(JitterBuffer(60, 240))
    held = [frame(number) for number in range(7)]
    for each in held:
        player.buffer.put(each, 400)
    if is_told:
        player.buffer.held_up(200, 400)
    player.run([(number * 60.0, frame(number)) for number in range(7, 50)], 3_000)
    assert player.numbers[-10:] == list(range(player.numbers[-1] - 9, player.numbers[-1] + 1))
    late = [delay for delay in player.delays(lambda each: each.sequence * 60.0) if delay > 60 + 60 + 2 * SPARE_MS]
    assert (len(late) < 5) is is_told, late


def test_a_stall_of_the_link_is_made_up_for() -> None:
    """Everything of 600 ms comes at once; later words are at the usual delay again."""
    arrivals = [n * 60.0 if not 50 <= n < 60 else 3_600.0 for n in range(400)]
    player = play([(at, frame(n)) for n, at in enumerate(arrivals)], 26_000)
    assert player.buffer.delay_ms <= 60 + 60 + 2 * SPARE_MS
    assert len(player.numbers) > 380


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 50),
            st.integers(0, 70_000),
            st.integers(0, (1 << 32) - 1),
            st.sampled_from([2.5, 20, 60, 120]),
            st.integers(1, 3),
            st.booleans(),
        ),
        max_size=200,
    )
)
def test_nothing_that_comes_breaks_it(packets: list[tuple[float, int, int, float, int, bool]]) -> None:
    buffer, now_ms = JitterBuffer(60, 240), 0.0
    for wait_ms, sequence, stamp, ms, ssrc, is_recovered in packets:
        now_ms += wait_ms
        buffer.put(EncodedFrame(
            b"x", stamp, sequence & 0xFFFF, now_ms, "audio", ssrc=ssrc, duration_ms=ms, is_recovered=is_recovered,
        ), now_ms)  # fmt: skip
        items = 0
        while buffer.get(now_ms) is not None:
            items += 1
            assert items < 1_000
        assert len(buffer.waiting()) <= MOST_FRAMES
