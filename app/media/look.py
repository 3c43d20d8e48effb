"""What an end sees of its link at one moment, and what of it can be true."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Look:
    """What an end saw since its last look; None where it can't tell.

    `loss` and `concealed` are shares from 0 to 1, `loss_out` None where no new report came; `drain_kbps` is how fast
    the data channel took the last still, `late_ms` by how much later voice comes than a few seconds before, `heard`
    whether any came, `in_effect` the rung that both go by.
    """

    at_ms: float
    rtt_ms: float | None = None
    loss_in: float | None = None
    loss_out: float | None = None
    jitter_ms: float | None = None
    concealed: float | None = None
    received_kbps: float | None = None
    sent_kbps: float | None = None
    available_kbps: float | None = None
    drain_kbps: float | None = None
    late_ms: float | None = None
    heard: bool | None = None
    in_effect: str | None = None

    @property
    def missed(self) -> float | None:
        """The share of voice that didn't come, or came too late to be heard: where none comes nothing is filled in."""
        shares = (self.loss_in, None if self.heard is False else self.concealed)
        return max((share for share in shares if share is not None), default=None)

    @property
    def behind_ms(self) -> float | None:
        """By how much later a voice comes: of one that doesn't it is of before."""
        return None if self.heard is False else self.late_ms

    @property
    def shaken_ms(self) -> float | None:
        """The jitter of a voice that comes: that of one that doesn't is of before."""
        return None if self.heard is False else self.jitter_ms

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Look":
        """Of what was recorded: what can't be true becomes None."""
        shares = {name: number_of(data.get(name), 1) for name in ("loss_in", "loss_out", "concealed")}
        times = {name: number_of(data.get(name), 60_000) for name in ("rtt_ms", "jitter_ms", "late_ms")}
        rates = ("received_kbps", "sent_kbps", "available_kbps", "drain_kbps")
        kbps = {name: number_of(data.get(name), 1_000_000) for name in rates}
        heard, in_effect = data.get("heard"), data.get("in_effect")
        return cls(
            number_of(data.get("at_ms"), math.inf) or 0.0, **shares, **times, **kbps,
            heard=heard if isinstance(heard, bool) else None,
            in_effect=in_effect if isinstance(in_effect, str) else None,
        )  # fmt: skip


def number_of(value: Any, most: float) -> float | None:
    """None where it is no number from 0 to `most`, or endless."""
    isnumber_of = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if isnumber_of and 0 <= value <= most and value != math.inf else None
