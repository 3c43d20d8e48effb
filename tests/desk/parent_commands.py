"""What a coordinator does about a request for a child's other parent, and what the audit has to say of it."""

from tests.desk.commands import NUMBER, Command, Office
from tests.scene import ZONE


def parent_asked_for(office: Office) -> dict[str, str]:
    alice, wanted = office.house.scene.alice, {"name": "Wei", "number": NUMBER, "kinship": "father", "language": "en"}
    answer = office.house.parent(alice).command(f"/api/families/{alice.family}/parent_requests", wanted)
    return {"parent_request_id": answer.get_json()["requests"][0]["id"]}


def parent_declined(office: Office) -> dict[str, str]:
    known = parent_asked_for(office)
    office.made(f"/api/parent_requests/{known['parent_request_id']}/decline", {"reason": "not now"})
    return known


COMMANDS: dict[str, Command] = {
    "POST /parent_requests/<parent_request_id>/accept": Command(
        "add_member", "Wei", lambda _: {"zone": ZONE}, parent_asked_for, ("invite", "send_number_code")
    ),
    "POST /parent_requests/<parent_request_id>/decline": Command(
        "decline_parent", "Alice", lambda _: {"reason": "not now"}, parent_asked_for
    ),
    "POST /parent_requests/<parent_request_id>/number/show": Command(
        "show_asked_number", "Alice", before=parent_asked_for
    ),
    "POST /parent_requests/<parent_request_id>/reopen": Command(
        "reopen_parent_request", "Alice", before=parent_declined
    ),
}
