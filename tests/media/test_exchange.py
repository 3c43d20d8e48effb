"""Three ends and more through the exchange and the mixer with our codecs, the clock moved by hand."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from app.media.exchange import Exchange
from app.media.forwarding import after
from app.media.ladder import Audio
from app.media.mixing import FULL, KNEE, TICK_MS, limited
from app.media.opus import Decoder, Encoder
from app.media.opus_packets import packet_ms
from tests.media.syllables import Pcm, encoded, frame, voice

RUNG = Audio(60, 12, dtx=True, redundancy=None, feedback=False)
THIN = Audio(120, 8, dtx=True, redundancy=None, feedback=False)
RICH = Audio(60, 24, dtx=True, redundancy=None, feedback=False)
STEP_MS = 5
Sent = tuple[float, bytes, int, float]


class Counted:
    """How many packets our codecs made."""

    def __init__(self) -> None:
        self.encoders = self.encoded = self.decoded = 0

    def encoder(self, length_ms: int, kbps: float) -> Encoder:
        self.encoders += 1
        counted = self

        class Counting(Encoder):
            def encode(self, pcm: bytes) -> bytes:
                counted.encoded += 1
                return super().encode(pcm)

        return Counting(length_ms, kbps)

    def decoder(self) -> Decoder:
        counted = self

        class Counting(Decoder):
            def decode(self, packet: bytes) -> bytes:
                counted.decoded += 1
                return super().decode(packet)

        return Counting()


class Family:
    def __init__(self, **rungs: Audio | None) -> None:
        self.count, self.now = Counted(), 1_000.0
        self.exchange = Exchange(self.count.encoder, self.count.decoder)
        self.sent: dict[str, list[Sent]] = {}
        self.late: list[float] = []
        for name, audio in rungs.items():
            self.come(name, audio)

    def come(self, name: str, audio: Audio | None = RUNG) -> None:
        sent = self.sent.setdefault(name, [])
        self.exchange.come(name, audio, lambda packet, stamp, ms: sent.append((self.now, packet, stamp, ms)))

    def talk(self, lost: Iterable[tuple[str, int]] = (), length_ms: int = 60, **voices: list[bytes]) -> None:
        """Every end sends its packets at its own phase; empty ones are not sent, nor lost ones."""
        holes = set(lost)
        phases = {name: 7 + 19 * place for place, name in enumerate(voices)}
        coming = {name: deque(enumerate(packets)) for name, packets in voices.items()}
        began = self.now
        while any(coming.values()) or self.now < began + length_ms:
            self.now += STEP_MS
            if self.exchange.due is not None and self.exchange.due <= self.now:
                self.exchange.tick(self.now)
            for name, queue in coming.items():
                if queue and self.now - began >= phases[name] + (queue[0][0] + 1) * length_ms:
                    number, packet = queue.popleft()
                    if packet and (name, number) not in holes:
                        first = ord(name[0]) * 1_000_003 + round(began * 48)
                        self.exchange.hear(name, frame(packet, number, length_ms, first), self.now)
        self.exchange.look(self.now)

    def heard(self, name: str) -> Pcm:
        """What an end's decoder makes of what it was sent, with silence where the stamps say so."""
        decoder, parts, ends = Decoder(), [], None
        for _, packet, stamp, _ in self.sent[name]:
            if ends is not None and after(stamp, ends) > 0:
                parts.append(np.zeros(min(after(stamp, ends), 96_000), np.int16))
            parts.append(np.frombuffer(decoder.decode(packet), "<i2"))
            ends = (stamp + round(packet_ms(packet) * 48)) % 0x100000000
        return np.concatenate(parts) if parts else np.zeros(0, np.int16)

    def is_continuous(self, name: str) -> bool:
        ends = None
        for _, packet, stamp, length in self.sent[name]:
            if ends is not None and after(stamp, ends) < 0:
                return False
            assert length == packet_ms(packet)
            ends = (stamp + round(length * 48)) % 0x100000000
        return True


def pitch(pcm: Pcm) -> float:
    """The strongest tone between 80 and 400 Hz."""
    power = np.abs(np.fft.rfft(pcm.astype(np.float64)))
    tones = np.fft.rfftfreq(len(pcm), 1 / 48_000)
    inside = (tones > 80) & (tones < 400)
    return float(tones[inside][np.argmax(power[inside])])


def power_near(pcm: Pcm, hz: float) -> float:
    power = np.abs(np.fft.rfft(pcm.astype(np.float64))) ** 2
    tones = np.fft.rfftfreq(len(pcm), 1 / 48_000)
    return float(power[np.abs(tones - hz) < hz * 0.13].sum() / power.sum())


LOW, HIGH, MIDDLE = 110.0, 240.0, 165.0
LOW_VOICE, HIGH_VOICE = encoded(voice(4, LOW)), encoded(voice(4, HIGH))


def test_who_speaks_alone_is_sent_on_as_they_are() -> None:
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    family.talk(a=LOW_VOICE)
    said = [packet for packet in LOW_VOICE if packet]
    assert [packet for _, packet, _, _ in family.sent["b"]] == said
    assert [packet for _, packet, _, _ in family.sent["c"]] == said
    assert not family.sent["a"]
    assert (family.count.encoded, family.count.decoded) == (0, 0)


def test_everybody_hears_the_others_and_never_themselves() -> None:
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    family.talk(a=LOW_VOICE, b=HIGH_VOICE)
    assert pitch(family.heard("a")) == pytest.approx(HIGH, rel=0.12)
    assert pitch(family.heard("b")) == pytest.approx(LOW, rel=0.12)
    both = family.heard("c")
    assert power_near(both, LOW) > 0.1
    assert power_near(both, HIGH) > 0.1
    assert power_near(family.heard("a"), LOW) < power_near(voice(4, HIGH), LOW) + 0.01
    assert power_near(family.heard("b"), HIGH) < power_near(voice(4, LOW), HIGH) + 0.04, (
        "a tone of the low voice is near"
    )
    assert all(family.is_continuous(name) for name in "abc")


def test_of_two_speakers_each_is_forwarded_to_the_other_and_mixed_for_the_third_alone() -> None:
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    family.talk(a=LOW_VOICE, b=HIGH_VOICE)
    assert family.count.encoders == 1
    assert family.count.encoded <= 4_000 / TICK_MS + 5


def test_listeners_of_one_rung_share_one_encoding() -> None:
    family = Family(a=RUNG, b=RUNG, c=RUNG, d=RUNG, e=RUNG, f=THIN, g=THIN)
    family.talk(a=LOW_VOICE, b=HIGH_VOICE)
    assert family.count.encoders == 2
    assert len({tuple(packet for _, packet, _, _ in family.sent[name]) for name in "cde"}) == 1
    assert len({tuple(packet for _, packet, _, _ in family.sent[name]) for name in "fg"}) == 1
    assert {length for _, _, _, length in family.sent["f"]} == {120}


def test_an_end_of_short_packets_hears_a_mix_in_whole_ticks_and_one_voice_as_it_comes() -> None:
    short = replace(RUNG, packet_ms=20)
    family = Family(a=short, b=short, c=short, d=RUNG)
    low, high = (encoded(voice(4, hz), packet_ms=20) for hz in (LOW, HIGH))
    family.talk(length_ms=20, a=low)
    assert [packet for _, packet, _, _ in family.sent["c"]] == [packet for packet in low if packet]
    assert {length for _, _, _, length in family.sent["d"]} == {60}
    family.talk(length_ms=20, a=low, b=high)
    assert {length for _, _, _, length in family.sent["c"]} == {20, 60}
    both = family.heard("c")[-3 * 48_000 :]
    assert power_near(both, LOW) > 0.1
    assert power_near(both, HIGH) > 0.1
    assert all(family.is_continuous(name) for name in "abcd")


def test_a_thin_end_is_sent_less_and_the_others_what_was_said() -> None:
    family = Family(a=RICH, b=RUNG, c=RICH, d=THIN, e=None)
    family.talk(a=encoded(voice(6, LOW), 60, 24))
    rate = {name: sum(len(p) for _, p, _, _ in family.sent[name]) * 8 / 6_000 for name in "bcde"}
    assert rate["e"] == 0
    assert rate["b"] < 14
    assert rate["d"] < 10
    assert rate["c"] > 14
    later = [packet for at, packet, _, _ in family.sent["d"] if at > 3_000]
    assert {packet_ms(packet) for packet in later} == {120}
    assert pitch(family.heard("d")) == pytest.approx(LOW, rel=0.12)


def test_two_to_a_mix_and_back_loses_no_word_and_repeats_none() -> None:
    """The low voice goes on while the high one comes and goes; to the third end it is always there."""
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    silent: list[bytes] = [b""] * 25
    family.talk(a=encoded(voice(6, LOW)), b=silent + encoded(voice(2, HIGH)) + silent * 2)
    heard = family.heard("c")
    assert family.is_continuous("c")
    assert len(heard) / 48_000 == pytest.approx(6, abs=0.35)
    # A sinusoid twice a second: each syllable of the low voice is there.
    steps = np.abs(heard[: len(heard) // 2400 * 2400].reshape(-1, 2400)).max(axis=1)
    assert (np.convolve(steps > 500, np.ones(10), "valid") > 0).all(), "half a second without any voice"


def test_join_and_leave_without_a_gap_for_others() -> None:
    family = Family(a=RUNG, b=RUNG)
    for number in range(6):
        family.talk(a=LOW_VOICE[10:20])
        family.come(f"x{number}")
        family.talk(a=LOW_VOICE[20:30])
        family.exchange.go(f"x{number}")
    times = [at for at, _, _, _ in family.sent["b"]]
    assert np.diff(times).max() < 200
    assert family.is_continuous("b")
    assert all(len(family.sent[f"x{number}"]) >= 9 for number in range(6))


def test_one_end_that_loses_a_tenth_spoils_nobody() -> None:
    rng = np.random.default_rng(4)
    holes = [("a", number) for number in range(100) if rng.random() < 0.1]
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    family.talk(holes, a=encoded(voice(6, LOW)), b=encoded(voice(6, HIGH)))
    assert pitch(family.heard("a")) == pytest.approx(HIGH, rel=0.12)
    mixed = family.heard("c")
    steps = np.abs(mixed[: len(mixed) // 2880 * 2880].reshape(-1, 2880)).max(axis=1)
    assert (steps[5:-8] > 100).mean() > 0.9, "what was lost is concealed, and the other voice goes on"
    assert power_near(mixed, HIGH) > 0.1


def test_bad_input_harms_nobody() -> None:
    family = Family(a=RUNG, b=RUNG, c=RUNG)
    junk = [bytes([0x58]), bytes([0x58]) + bytes(1_200), bytes([0xFC]) + bytes(300), bytes([0x5B, 0x01]) + bytes(40)]
    for number in range(400):
        family.now += 1
        family.exchange.hear("b", frame(junk[number % 4], number), family.now)
        family.exchange.hear("nobody", frame(junk[number % 4], number), family.now)
    assert family.exchange.dropped > 600
    family.now += 3_000
    before = len(family.sent["c"])
    family.talk(a=LOW_VOICE)
    assert len(family.sent["c"]) - before >= len([packet for packet in LOW_VOICE if packet]) - 8
    family.exchange.go("b")
    family.exchange.go("b")


def test_a_rung_that_changes_takes_effect_in_the_middle_of_a_word() -> None:
    family = Family(a=RUNG, b=RUNG)
    family.talk(a=LOW_VOICE)
    family.exchange.tune("b", THIN)
    family.talk(a=LOW_VOICE)
    family.exchange.tune("b", RUNG)
    family.talk(a=LOW_VOICE)
    lengths = [length for _, _, _, length in family.sent["b"]]
    assert lengths[0] == 60
    assert 120 in lengths
    assert lengths[-1] == 60
    assert family.is_continuous("b")


def test_a_sum_that_is_too_loud_is_rounded_and_never_wraps() -> None:
    quiet = np.arange(-20_000, 20_000, 10, dtype=np.int32)
    assert (limited(quiet) == quiet).all()
    loud = np.arange(-120_000, 120_000, 10, dtype=np.int32)
    rounded = limited(loud).astype(np.int32)
    assert (np.diff(rounded) >= 0).all()
    assert rounded.max() < FULL
    assert rounded.min() >= -FULL
    inside = np.abs(loud) <= KNEE * FULL
    assert (rounded[inside] == loud[inside]).all()
    assert len(limited(np.zeros(0, np.int32))) == 0


def test_of_a_long_silence_nothing_is_encoded() -> None:
    family = Family(a=RICH, b=RUNG)
    family.talk(a=encoded(voice(3, LOW), 60, 24))
    assert family.exchange.due is not None, "transcoded"
    before = family.count.encoded
    family.talk(a=[b""] * 60)
    assert family.count.encoded - before < 16
    sent = len(family.sent["b"])
    family.talk(a=encoded(voice(2, LOW), 60, 24))
    assert len(family.sent["b"]) - sent > 20
