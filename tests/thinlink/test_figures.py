"""Whether what is said of a call is so: with voices whose delay, gaps and quality are known."""

from pathlib import Path

import numpy as np
import pytest

from tests.browser.speech import speak
from tests.thinlink import figures, following, voice
from tests.thinlink.voice import RATE_HZ, Recording, Samples

BEGINS = 1000.0
BLOCK = 1280


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Twelve seconds, nearly without a pause."""
    path: Path = speak(tmp_path_factory.mktemp("speech") / "voice.wav", 12, share=0.95)
    return np.frombuffer(path.read_bytes()[44:], "<i2")[::3].astype(np.float32) / np.float32(32768)


def later(samples: Samples, seconds: float) -> Recording:
    return Recording(BEGINS, np.concatenate((np.zeros(round(seconds * RATE_HZ), np.float32), samples)))


def without(samples: Samples, since: float, until: float) -> Samples:
    cut = samples.copy()
    cut[round(since * RATE_HZ) : round(until * RATE_HZ)] = 0
    return cut


def test_the_delay_is_found_wherever_the_voice_is(speech: Samples) -> None:
    found = voice.delays(Recording(BEGINS, speech), later(speech, 0.735), BEGINS, BEGINS + 12)
    assert len(found) > 5
    assert [delay for _at, delay in found] == pytest.approx([0.735] * len(found), abs=0.001)
    assert not voice.delays(Recording(BEGINS, speech), later(np.zeros_like(speech), 0), BEGINS, BEGINS + 12)


def test_what_was_said_and_not_heard_is_as_long_as_the_gap(speech: Samples) -> None:
    said = Recording(BEGINS, speech)
    whole, holed = later(speech, 0.3), later(without(speech, 4, 7), 0.3)
    assert voice.unheard_seconds(said, whole, BEGINS, BEGINS + 11, 0.3) == 0
    gap = voice.unheard_seconds(said, holed, BEGINS, BEGINS + 11, 0.3)
    assert gap == pytest.approx(3 - 2 * voice.TOLERANCE_SECONDS, abs=0.4)


def test_a_voice_begins_when_it_begins(speech: Samples) -> None:
    heard = later(without(speech, 0, 2), 1)
    assert voice.first_voice(heard, BEGINS) == pytest.approx(BEGINS + 3, abs=0.3)
    assert voice.first_voice(later(np.zeros_like(speech), 0), BEGINS) is None


def test_the_voice_is_back_after_the_longest_silence_around_the_mending(speech: Samples) -> None:
    heard = Recording(BEGINS, without(speech, 3, 7.5))
    assert figures.back_after(heard, BEGINS + 2.8, BEGINS + 6.5) == pytest.approx(1, abs=0.4)
    assert figures.back_after(Recording(BEGINS, without(speech, 3, 12)), BEGINS + 2.8, BEGINS + 6.5) > 15


def test_who_speaks_without_a_pause_is_never_quiet(tmp_path: Path) -> None:
    """Else what is waited for would be their next word."""
    path = speak(tmp_path / "dense.wav", 12, share=1)
    dense = Recording(BEGINS, np.frombuffer(path.read_bytes()[44:], "<i2")[::3].astype(np.float32) / np.float32(32768))
    assert dense.voiced(BEGINS, BEGINS + 12).mean() > 0.98


def judged(said: Recording, heard: Recording, beside: Recording) -> float:
    """0 where too little is left."""
    return voice.quality(said, heard, [(BEGINS + at, 0.2) for at in range(11)], beside) or 0


def test_what_a_busy_machine_did_not_record_is_not_judged(speech: Samples) -> None:
    """Neither of what was said nor of what was heard: of each as long as nothing is missing beside it."""
    room = np.random.default_rng(1).normal(0, 1e-4, speech.shape).astype(np.float32)
    holed = without(speech + room, 1.5, 2.5)
    assert judged(Recording(BEGINS, holed), later(speech + room, 0.2), later(room, 0.2)) > 4.4
    whole, heard = Recording(BEGINS, speech + room), later(holed, 0.2)
    assert judged(whole, heard, later(room, 0.2)) < 4
    assert judged(whole, heard, later(without(room, 1.5, 2.5), 0.2)) > 4.4
    assert 0 < judged(whole, heard, later(without(room, 5, 5.01), 0.2)) < 4, "no speech is so fast"
    assert judged(whole, heard, later(without(room, 5, 5.03), 0.2)) == 0, "seven seconds are too little"


def test_quality_falls_with_noise_and_holds_with_delay(speech: Samples) -> None:
    room = np.random.default_rng(3).normal(0, 1e-4, speech.shape).astype(np.float32)
    said, beside = Recording(BEGINS, speech + room), later(room, 0.2)
    assert judged(said, later(speech + room, 0.2), beside) > 4.4
    assert 0 < judged(said, later(speech + 200 * room, 0.2), beside) < 3


def test_samples_that_a_busy_machine_left_out_move_nothing(speech: Samples) -> None:
    """Blocks are told with the clock, now and then late by some milliseconds; from the tenth on 100 ms are missing."""
    count = 30
    frames = [BLOCK * (number + 1) for number in range(count)]
    ends_ms = [1_000_000 + frame / 16 + (100 if number >= 10 else 0) for number, frame in enumerate(frames)]
    ends_ms[5] += 30
    packed = (speech[: BLOCK * count] * 32767).astype("<i2").tobytes()
    found = Recording.of(ends_ms, frames, packed)
    assert found.at == pytest.approx(1000.0)
    assert found.until - found.at == pytest.approx(count * 0.08 + 0.1)
    assert not found.part(1000.805, 1000.895).any()
    assert found.part(1000.9, 1000.98) == pytest.approx(speech[10 * BLOCK : 11 * BLOCK], abs=1e-4)


def test_made_up_samples_are_those_that_replace_a_voice() -> None:
    looks = [
        {"at": at, "concealed": at * 100, "silent": at * 60, "samples": at * 1000, "frames": at * 8}
        for at in range(1, 12)
    ]
    assert figures.concealed_percent(looks, 2, 10) == pytest.approx(4)
    assert figures.frames_per_second(looks, 2, 10) == pytest.approx(8)


def proposals(*rungs: tuple[float, str]) -> list[tuple[float, str]]:
    said = [f'["rung",{{"call":"c","rung":"{name}","held":false}}]' for _at, name in rungs]
    return [(at, f"42{number}{text}") for number, ((at, _name), text) in enumerate(zip(rungs, said, strict=True))]


def test_the_lower_of_both_ends_is_in_effect() -> None:
    near, far = proposals((1, "video"), (9, "stills"), (20, "video")), proposals((5, "voice"), (12, "video"))
    assert following.in_effect(near, far) == [(1, 0), (5, 4), (12, 3), (20, 0)]
    assert following.in_effect([], []) == []


def test_a_call_follows_its_link_or_is_astray() -> None:
    stages = [(20.0, 300), (40.0, 64), (60.0, 32), (80.0, 300)]
    follows = [(5.0, 0), (22.0, 2), (45.0, 3), (50.0, 4), (65.0, 3)]
    assert (following.astray(follows, stages), following.turns(follows)) == (0, 1)
    late = [(5.0, 0), (41.0, 2), (62.0, 3), (65.0, 0)]
    assert following.astray(late, stages) == 2, "64 and 32 kbit/s are met with more than they carry"
    stays = [(5.0, 3), (41.0, 4)]
    assert following.astray(stays, stages) == 1, "it never came up again"
    assert following.turns([(5.0, 0), (6.0, 3), (7.0, 0), (8.0, 3), (9.0, 0)]) == 3, "it flaps"
    assert (following.astray([], stages), following.turns([])) == (0, 0)
    assert following.fell_after(follows, 20, 64, 20) == pytest.approx(2)
    assert following.fell_after(stays, 20, 64, 20) == 0, "it stood low enough"
    assert following.fell_after([(5.0, 0), (6.0, 1), (7.0, 0)], 20, 64, 20) == 20
