"""The port by which one process tells the web processes that something changed."""

from typing import Protocol


class Doorbell(Protocol):
    def hint(self, topic: str, subject_id: str, change_id: str) -> None:
        """Says that `topic:subject_id` may have changed. Carries no state, may be lost, never raises for that.

        `change_id` is the row by which a look finds it too: who has heard of it passes it on once.
        """
