"""Measures a recording, or makes another form of it. A program of its own, for bytes that may be anything.

`python sound.py measure|render LONGEST_MS` reads a recording from its standard input and answers on its standard output
with one line of JSON, and behind it the bytes that it made. `says` is `ok`, `empty`, `too_long`, or `not_audio`. It
stands on the standard library and PyAV alone, and limits its own memory and time before it reads: whatever the bytes
make a decoder do, it ends here. What a container says of its length is not believed: what was decoded is counted.
"""

import io
import json
import resource
import sys
from array import array
from collections.abc import Iterator

import av
from av import AudioFrame, AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer

# As far as it is told by the first bytes: where they stand, the demuxer, what a browser calls it.
CONTAINERS = (
    (0, b"OggS", "ogg", "audio/ogg"),
    (0, b"\x1aE\xdf\xa3", "matroska", "audio/webm"),
    (4, b"ftyp", "mp4", "audio/mp4"),
)
CODECS = {"ogg": ("opus",), "matroska": ("opus",), "mp4": ("aac", "opus")}
OPUS_IN_MP4 = "audio/mp4;codecs=opus"  # what older iOS does not play, other than the usual AAC
RATE_HZ, WINDOW_MS, PARTS = 8_000, 20, 96
RENDITION_RATE_HZ, RENDITION_BITS = 24_000, 24_000
BROKEN_PACKETS_BORNE = 50
MEMORY_BYTES, CPU_SECONDS = 1_000_000_000, 30


class Unfit(Exception):
    """It is nothing to be heard; says why in a word."""


def measure(raw: bytes, longest_ms: int) -> dict[str, object]:
    """What it really is, how long, and how loud its parts are (bytes in hex)."""
    loudest: dict[int, int] = {}
    end_ms = 0.0
    mime, container, stream = _opened(raw)
    with container:
        for at_ms, frame in _frames(container, stream, AudioResampler("s16", "mono", RATE_HZ), longest_ms):
            samples = array("h", bytes(frame.planes[0])[: frame.samples * 2])
            for offset in range(0, len(samples), RATE_HZ * WINDOW_MS // 1000):
                part = samples[offset : offset + RATE_HZ * WINDOW_MS // 1000]
                window = int((at_ms + offset * 1000 / RATE_HZ) // WINDOW_MS)
                loudest[window] = max(loudest.get(window, 0), max(part), -min(part))
            end_ms = at_ms + frame.samples * 1000 / RATE_HZ
    if not loudest:
        raise Unfit("empty")
    return {"mime": mime, "duration_ms": round(end_ms), "peaks": _peaks(loudest, end_ms).hex()}


def render(raw: bytes, longest_ms: int) -> bytes:
    """The same as AAC in MP4, which whatever plays nothing else plays; its index stands first: it plays as it comes."""
    made = io.BytesIO()
    _mime, container, stream = _opened(raw)

    def read_again(*_opening: object) -> io.BytesIO:
        """For the muxer, which moves what it wrote once it knows how long the index is."""
        return io.BytesIO(made.getvalue())

    first = {"movflags": "+faststart"}
    with container, av.open(made, "w", format="mp4", options=first, io_open=read_again) as target:
        assert isinstance(target, OutputContainer)
        encoder = target.add_stream("aac", rate=RENDITION_RATE_HZ, layout="mono")
        encoder.bit_rate = RENDITION_BITS
        resampler = AudioResampler("fltp", "mono", RENDITION_RATE_HZ)
        for _at_ms, frame in _frames(container, stream, resampler, longest_ms):
            frame.pts = None
            target.mux(encoder.encode(frame))
        target.mux(encoder.encode(None))
    return made.getvalue()


def _opened(raw: bytes) -> tuple[str, InputContainer, AudioStream]:
    for at, magic, demuxer, mime in CONTAINERS:  # noqa: B007 - those of the one that fits
        if raw[at:].startswith(magic):
            break
    else:
        raise Unfit("not_audio")
    container = av.open(io.BytesIO(raw), format=demuxer, metadata_errors="ignore")
    assert isinstance(container, InputContainer)
    streams = list(container.streams)
    if len(streams) != 1 or not isinstance(streams[0], AudioStream):
        raise Unfit("not_audio")
    codec = streams[0].codec_context.name.removeprefix("lib")
    if codec not in CODECS[demuxer]:
        raise Unfit("not_audio")
    return OPUS_IN_MP4 if (demuxer, codec) == ("mp4", "opus") else mime, container, streams[0]


def _frames(
    container: InputContainer, stream: AudioStream, resampler: AudioResampler, longest_ms: int
) -> Iterator[tuple[float, AudioFrame]]:  # fmt: skip
    """Frames as the resampler gives them, with the millisecond that each begins at; raises Unfit("too_long")."""
    sent, begins_at = 0.0, None
    for decoded in _decoded(container, stream):
        if begins_at is None:
            begins_at = decoded.time or 0.0
        # Where silence was not sent, the next sound says when it comes; one that says it comes earlier is not believed.
        sent = max(sent, ((decoded.time or 0.0) - begins_at) * 1000)
        for frame in resampler.resample(decoded):
            if sent + frame.samples * 1000 / frame.sample_rate > longest_ms:
                raise Unfit("too_long")
            yield sent, frame
            sent += frame.samples * 1000 / frame.sample_rate


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """What can be decoded; a recording that is cut off, or has a hole, is heard as far as it is there."""
    broken, packets = 0, container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            yield from packet.decode()
        except av.error.InvalidDataError:
            broken += 1
            if broken > BROKEN_PACKETS_BORNE:
                return


def _peaks(loudest: dict[int, int], end_ms: float) -> bytes:
    """So many parts, evenly over all of it, 255 being as loud as can be."""
    windows = max(PARTS, int(end_ms // WINDOW_MS) + 1)
    parts = [0] * PARTS
    for window, peak in loudest.items():
        part = min(PARTS - 1, window * PARTS // windows)
        parts[part] = max(parts[part], peak)
    return bytes(min(255, peak * 255 // 32_767) for peak in parts)


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES), (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (most, most))


def main(verb: str, longest_ms: int) -> None:
    _limit()
    raw, made = sys.stdin.buffer.read(), b""
    try:
        said: dict[str, object] = {"says": "ok"}
        if verb == "measure":
            said |= measure(raw, longest_ms)
        else:
            made = render(raw, longest_ms)
    except Unfit as unfit:
        said = {"says": str(unfit)}
    except (av.error.FFmpegError, ValueError, EOFError):
        said = {"says": "not_audio"}
    sys.stdout.buffer.write(json.dumps(said).encode() + b"\n" + made)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
