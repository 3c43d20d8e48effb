"""What a coordinator takes back, and what the audit has to say of it."""

from tests.desk.commands import PAIR, Command, Office, booked


def cancelled(office: Office) -> dict[str, str]:
    known = booked(office)
    office.made(f"/api/calls/{known['call_id']}/cancel", {"reason": "weather"})
    return known


# The time was offered to whoever waits: that offer is withdrawn.
COMMANDS: dict[str, Command] = {
    "POST /calls/<call_id>/restore": Command("book", PAIR, before=cancelled, others=("cancel",)),
}
