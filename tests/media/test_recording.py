"""A message as it is said: order, time stamps, the Ogg that is made of it, and the sealed file where it waits."""

import io
import random
from pathlib import Path

import av
import pytest

from app.media import ogg, recording, tone
from app.media.recording import Recording
from app.media.spool import Spool
from tests.media.far_end import PACKET_MS, STAMPS, spoken

SECRET = bytes(range(32))
ABOUT = {"call": "c1", "seat": "s1.2", "recorded_at": "2026-11-23T12:03:00+00:00"}


def recorded(numbers: list[int], packets: list[bytes], first: int = 0) -> Recording:
    made = Recording()
    for number in numbers:
        made.add((first + number * STAMPS) % 2**32, PACKET_MS, packets[number])
    return made


def heard(made: Recording) -> tuple[float, list[int]]:
    """Seconds, and the samples, as a player has them."""
    with av.open(io.BytesIO(ogg.written(made.packets())), mode="r", format="ogg") as container:
        frames = list(container.decode(audio=0))
    samples = [sample for frame in frames for sample in frame.to_ndarray()[0].tolist()]
    return len(samples) / 48_000, samples


class TestRecording:
    def test_it_lasts_as_long_as_it_was_said(self) -> None:
        packets = spoken(3)
        made = recorded(list(range(len(packets))), packets)
        assert made.seconds == pytest.approx(3)
        assert heard(made)[0] == pytest.approx(3, abs=0.05)

    def test_order_doublets_and_a_wrap_of_the_stamps_change_nothing(self) -> None:
        packets = spoken(2)
        numbers = list(range(len(packets)))
        plain = recorded(numbers, packets)
        shuffled = [number for at in range(0, len(numbers), 4) for number in reversed(numbers[at : at + 4])]
        mixed = recorded([0, *shuffled, *shuffled], packets, first=2**32 - 5 * STAMPS)
        assert [each.payload for each in mixed.packets()] == [each.payload for each in plain.packets()]
        assert mixed.seconds == plain.seconds

    def test_what_was_lost_or_silent_leaves_its_time(self) -> None:
        packets = spoken(3)
        numbers = [number for number in range(len(packets)) if not 10 <= number < 35]
        made = recorded(numbers, packets)
        seconds, _samples = heard(made)
        assert made.seconds == pytest.approx(3)
        assert seconds == pytest.approx(3, abs=0.05)

    def test_a_source_that_begins_anew_goes_on_where_it_was(self) -> None:
        packets = spoken(2)
        made = recorded(list(range(10)), packets)
        for number in range(10, 20):
            made.add(3_000_000_000 + number * STAMPS, PACKET_MS, packets[number])
        assert made.seconds == pytest.approx(1.2)

    def test_it_is_the_same_after_the_spool(self) -> None:
        packets = spoken(1)
        made = recorded([3, 1, 2, 0], packets)
        parts = [recording.packed(made.packets()[:2]), recording.packed(made.packets()[2:])]
        assert recording.unpacked(parts) == made.packets()


class TestSpool:
    def test_nothing_of_it_can_be_read_without_the_key(self, tmp_path: Path) -> None:
        entry = Spool(tmp_path, SECRET).begin(ABOUT)
        entry.add(b"what grandmother said")
        entry.let_go()
        (path,) = tmp_path.iterdir()
        assert path.stat().st_mode & 0o777 == 0o600
        assert not [said for said in (b"grandmother", b"s1.2", b"recorded") if said in path.read_bytes()]
        assert Spool(tmp_path, bytes(32)).adopt() == []
        (found,) = Spool(tmp_path, SECRET).adopt()
        assert (found.about, found.parts) == (ABOUT, [b"what grandmother said"])
        found.drop()
        assert list(tmp_path.iterdir()) == []

    def test_one_that_is_being_said_is_nobody_elses(self, tmp_path: Path) -> None:
        entry = Spool(tmp_path, SECRET).begin(ABOUT)
        assert Spool(tmp_path, SECRET).adopt() == []
        entry.let_go()
        assert len(Spool(tmp_path, SECRET).adopt()) == 1

    @pytest.mark.parametrize("seed", range(4))
    def test_cut_off_or_spoiled_it_is_there_as_far_as_it_is_whole(self, tmp_path: Path, seed: int) -> None:
        entry = Spool(tmp_path, SECRET).begin(ABOUT)
        parts = [bytes([number]) * 50 for number in range(6)]
        for part in parts:
            entry.add(part)
        entry.let_go()
        (path,) = tmp_path.iterdir()
        raw, chance = bytearray(path.read_bytes()), random.Random(seed)
        if seed % 2:
            raw[chance.randrange(200, len(raw))] ^= 1
        else:
            del raw[chance.randrange(200, len(raw)) :]
        path.write_bytes(bytes(raw))
        (found,) = Spool(tmp_path, SECRET).adopt()
        assert found.parts == parts[: len(found.parts)]
        assert len(found.parts) < 6
        found.let_go()

    def test_without_room_it_stays_in_memory(self, tmp_path: Path) -> None:
        (tmp_path / "no folder").write_text("")
        entry = Spool(tmp_path / "no folder", SECRET).begin(ABOUT)
        entry.add(b"said")
        entry.sync()
        assert entry.parts == [b"said"]
        entry.drop()


def test_the_tone_rises_and_is_short() -> None:
    assert 0.3 < len(tone.samples()) / 48_000 < 0.6
    assert len(tone.packets()) * tone.PACKET_MS <= 600
    assert list(tone.NOTES_HZ) == sorted(tone.NOTES_HZ)
