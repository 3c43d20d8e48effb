"""Opus by the distribution's own libopus, bound with ctypes. What to do where it is missing is decided in `opus`.

Voice as calls carry it: mono, 48 kHz, VBR; silence isn't sent. An encoder or decoder serves one thread at a
time; libopus runs without the interpreter's lock.
"""

import ctypes
import ctypes.util
import weakref
from typing import Any

from app.media.opus_packets import LONGEST_MS, RATE_HZ, WIDE_BAND_KBPS, OpusError, packet_ms

SAMPLES_PER_MS = RATE_HZ // 1000
MOST_BYTES = 1200  # of a packet: what passes every path with its headers
MOST_SAMPLES = LONGEST_MS * SAMPLES_PER_MS
PACKETS_MS = (20, 40, 60, 120)
KBPS = (6, 64)
NOTHING_TO_SEND = 2  # bytes: a packet not longer than this says "silence goes on"
COMPLEXITY = 9  # of 10; from 7 on, silence is told from a noisy room; 5 takes half the time and sounds worse

_VOIP, _VOICE = 2048, 3001
_BITRATE, _MOST_BAND, _COMPLEXITY, _FEC, _LOSS, _DTX, _SIGNAL = 4002, 4004, 4010, 4012, 4014, 4016, 4024
_WIDE_BAND, _FULL_BAND = 1103, 1105


def _load() -> Any:
    """None where there is none."""
    for name in ("libopus.so.0", ctypes.util.find_library("opus")):
        try:
            if name:
                return _declared(ctypes.CDLL(name))
        except OSError:
            continue
    return None


def _declared(library: ctypes.CDLL) -> ctypes.CDLL:
    pointer, number, text = ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p
    library.opus_get_version_string.restype = text
    library.opus_strerror.restype, library.opus_strerror.argtypes = text, [number]
    library.opus_encoder_create.restype = library.opus_decoder_create.restype = pointer
    library.opus_encoder_create.argtypes = [number, number, number, pointer]
    library.opus_decoder_create.argtypes = [number, number, pointer]
    library.opus_encoder_destroy.argtypes = library.opus_decoder_destroy.argtypes = [pointer]
    library.opus_encode.argtypes = [pointer, text, number, pointer, number]
    library.opus_decode.argtypes = [pointer, text, number, pointer, number, number]
    return library


LIBRARY = _load()


def version() -> str:
    return str(LIBRARY.opus_get_version_string().decode())


class Encoder:
    """At most `max_kbps` on the average; `loss_permille` is what to expect of the way to the other end."""

    def __init__(
        self, packet_ms: int, max_kbps: float, loss_permille: int = 0, *, complexity: int = COMPLEXITY
    ) -> None:
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(LIBRARY.opus_encoder_create(RATE_HZ, 1, _VOIP, ctypes.byref(error)))
        _check(error.value)
        weakref.finalize(self, LIBRARY.opus_encoder_destroy, self._state)
        self._made = ctypes.create_string_buffer(MOST_BYTES)
        for request, value in ((_SIGNAL, _VOICE), (_COMPLEXITY, complexity), (_DTX, 1)):
            self._ctl(request, value)
        self.set(packet_ms, max_kbps, loss_permille)

    def set(self, packet_ms: int, max_kbps: float, loss_permille: int = 0) -> None:
        """Between two packets, at any time. Redundancy inside the stream is on where loss is expected."""
        if packet_ms not in PACKETS_MS or not KBPS[0] <= max_kbps <= KBPS[1]:
            raise OpusError(f"no voice of {packet_ms} ms and {max_kbps} kbps")
        self.packet_ms = packet_ms
        self._samples = packet_ms * SAMPLES_PER_MS
        loss = min(100, max(0, round(loss_permille / 10)))
        band = _WIDE_BAND if max_kbps <= WIDE_BAND_KBPS else _FULL_BAND
        bits = round(max_kbps * 1000)
        for request, value in ((_BITRATE, bits), (_MOST_BAND, band), (_FEC, int(loss > 0)), (_LOSS, loss)):
            self._ctl(request, value)

    def encode(self, pcm: bytes) -> bytes:
        """Of s16le, mono, 48 kHz, exactly one packet long. Empty where silence gives nothing to send."""
        if len(pcm) != self._samples * 2:
            raise OpusError(f"{len(pcm)} bytes of sound for a packet of {self.packet_ms} ms")
        length = LIBRARY.opus_encode(self._state, pcm, self._samples, self._made, MOST_BYTES)
        _check(length)
        return ctypes.string_at(self._made, length) if length > NOTHING_TO_SEND else b""

    def _ctl(self, request: int, value: int) -> None:
        _check(LIBRARY.opus_encoder_ctl(self._state, ctypes.c_int(request), ctypes.c_int32(value)))


class Decoder:
    """To s16le, mono, 48 kHz; stereo is mixed down."""

    def __init__(self) -> None:
        error = ctypes.c_int()
        self._state = ctypes.c_void_p(LIBRARY.opus_decoder_create(RATE_HZ, 1, ctypes.byref(error)))
        _check(error.value)
        weakref.finalize(self, LIBRARY.opus_decoder_destroy, self._state)
        self._made = ctypes.create_string_buffer(MOST_SAMPLES * 2)
        self._last_ms: float = 20

    def decode(self, packet: bytes) -> bytes:
        """Raise OpusError for what is no packet; the next one is decoded all the same."""
        self._last_ms = packet_ms(packet)
        return self._decoded(packet, MOST_SAMPLES, 0)

    def conceal(self, ms: float) -> bytes:
        """What may have been said instead of packets that were lost, fading out. A multiple of 2.5 ms."""
        made, left = b"", round(ms * SAMPLES_PER_MS)
        while left > 0:
            part = min(left, MOST_SAMPLES)
            made += self._decoded(None, part, 0)
            left -= part
        return made

    def recover(self, next_packet: bytes) -> bytes:
        """The packet that was lost, as long as the last one, from what the one after it repeats; else concealed."""
        packet_ms(next_packet)
        return self._decoded(next_packet, round(self._last_ms * SAMPLES_PER_MS), 1)

    def _decoded(self, packet: bytes | None, samples: int, fec: int) -> bytes:
        length = len(packet) if packet else 0
        made = LIBRARY.opus_decode(self._state, packet, length, self._made, samples, fec)
        _check(made)
        return ctypes.string_at(self._made, made * 2)


def _check(code: int) -> None:
    if code < 0:
        raise OpusError(LIBRARY.opus_strerror(code).decode())
