"""A voice message of a minute over 32 kbit/s, half a second there and back, 5 % loss, 20 s of darkness in the middle.

Seconds and bytes from "send" to whole at the server, and on to the terminal that can play it, by a link as thin. The
seconds in which a message can be taken back are not counted, nor the hint that tells a terminal. The reference is
tus-js-client with its defaults at the same time against the same server, and the browser's recorder with its own.
Bytes above TCP are all that both programs gave to it, headers too, each byte once; on the wire they are IP packets,
also those that got lost. Besides: what uploads cost the server.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import message_bytes, message_load, message_thin
from tests.benchmarks.message_thin import Heard, Sent
from tests.benchmarks.result import Figure, Result
from tests.thinlink.emulator import Carried, Counted

ROUNDS = 3


def run(rounds: int = ROUNDS) -> Result:
    load = message_load.figures()
    with TemporaryDirectory() as folder:
        minute = message_bytes.minute(Path(folder))
    heard, theirs = _over_the_link(minute.recording, rounds)
    size = len(minute.recording)
    ours = _sent([one.sent for one in heard], size) | _heard(heard, size)
    return Result(
        "message",
        {"kb_per_minute": Figure.of([minute.our_kb]), **ours, **load},
        {"kb_per_minute": Figure.of([minute.their_kb]), **_sent(theirs, size)},
        "tus-js-client and MediaRecorder as they come",
    )


def _over_the_link(recording: bytes, rounds: int) -> tuple[list[Heard], list[Sent]]:
    heard, theirs = [], []
    with TemporaryDirectory() as folder, message_thin.senders(Path(folder)) as opened:
        for seed in range(1, rounds + 1):
            sent = message_thin.send(opened, recording, seed)
            theirs.append(sent["theirs"])
            heard.append(message_thin.hear(opened["ours"], sent["ours"], recording, seed))
    return heard, theirs


def _sent(all_sent: list[Sent], size: int) -> dict[str, Figure]:
    carried = [sent.carried for sent in all_sent]
    return {
        "seconds_to_server": Figure.of([sent.seconds for sent in all_sent]),
        "ratio_above_tcp": _ratio(carried, size, lambda way: way.stream_bytes),
        "ratio_on_the_wire": _ratio(carried, size, lambda way: way.ip_bytes),
        "ip_kb": _ratio(carried, 1000, lambda way: way.ip_bytes),
        "breaks": Figure.of([float(sent.breaks) for sent in all_sent]),
    }


def _heard(heard: list[Heard], size: int) -> dict[str, Figure]:
    fetched = [one.fetched for one in heard]
    return {
        "seconds_of_looking": Figure.of([one.look_seconds for one in heard]),
        "seconds_to_fetch": Figure.of([one.fetch_seconds for one in heard]),
        "seconds_to_playable": Figure.of([one.sent.seconds + one.look_seconds + one.fetch_seconds for one in heard]),
        "ratio_above_tcp_to_fetch": _ratio(fetched, size, lambda way: way.stream_bytes),
        "ratio_on_the_wire_to_fetch": _ratio(fetched, size, lambda way: way.ip_bytes),
    }


def _ratio(all_carried: Iterable[Carried], to: int, what: Callable[[Counted], int]) -> Figure:
    """Both directions together."""
    return Figure.of([(what(carried.up) + what(carried.down)) / to for carried in all_carried])
