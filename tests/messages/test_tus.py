"""Uploads by tus 1.0, header by header, on both databases."""

import base64
import hashlib
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.messages import rules
from app.messages.models import Blob, Message, Upload
from app.messages.words import MessageState, UploadState
from tests.scene import Household
from tests.web.open_house import Guest, OpenHouse

OGG = b"OggS" + bytes(range(256)) * 100
NAMES = (f"recording-{number}" for number in count(1))


def metadata(**said: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())


def create(
    guest: Guest, whose: Household, length: int = len(OGG), body: bytes | None = None, **said: str
) -> TestResponse:
    wanted = {"key": next(NAMES), "filetype": "audio/ogg", "child_id": whose.child} | said
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(length), "Upload-Metadata": metadata(**wanted)}
    if body is not None:
        headers["Content-Type"] = "application/offset+octet-stream"
    return guest.ask("POST", "/uploads", headers=headers, data=body)


def patch(guest: Guest, where: str, offset: int, body: bytes, **more: str) -> TestResponse:
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": str(offset),
        "Content-Type": "application/offset+octet-stream",
    }
    return guest.ask("PATCH", where, headers=headers | {k.replace("_", "-"): v for k, v in more.items()}, data=body)


def head(guest: Guest, where: str) -> TestResponse:
    return guest.ask("HEAD", where, headers={"Tus-Resumable": "1.0.0"})


def messages(house: OpenHouse) -> list[Message]:
    with house.database.read() as session:
        found = list(session.scalars(select(Message)))
        session.expunge_all()
        return found


def test_piece_by_piece_it_becomes_a_message_that_is_looked_at(house: OpenHouse) -> None:
    parent = house.parent(house.scene.alice)
    made = create(parent, house.scene.alice)
    assert made.status_code == 201
    assert made.headers["Upload-Offset"] == "0"
    where = made.headers["Location"]
    for offset in range(0, len(OGG), 9_000):
        assert head(parent, where).headers["Upload-Offset"] == str(offset)
        assert messages(house) == []
        taken = patch(parent, where, offset, OGG[offset : offset + 9_000])
        assert (taken.status_code, taken.data) == (204, b"")
    told = head(parent, where).headers
    assert (told["Upload-Offset"], told["Upload-Length"], told["Cache-Control"]) == (
        str(len(OGG)),
        str(len(OGG)),
        "no-store",
    )
    (message,) = messages(house)
    assert message.state is MessageState.LOOKED_AT
    assert (message.child_id, message.contact_id) == (house.scene.alice.child, house.scene.alice.parent)


def test_made_with_its_first_bytes_and_made_again_it_is_one(house: OpenHouse) -> None:
    parent = house.parent(house.scene.alice)
    first = create(parent, house.scene.alice, body=OGG[:5_000], key="the-same-key")
    again = create(parent, house.scene.alice, body=OGG[:5_000], key="the-same-key")
    assert first.headers["Location"] == again.headers["Location"]
    assert {first.headers["Upload-Offset"], again.headers["Upload-Offset"]} == {"5000"}
    other = create(parent, house.scene.alice, length=7, key="the-same-key")
    assert (other.status_code, other.get_json()["error"]) == (409, "upload_differs")


@pytest.mark.parametrize("offset", [0, 4_999, 5_001, 10_000_000_000])
def test_from_another_offset_nothing_is_taken(house: OpenHouse, offset: int) -> None:
    parent = house.parent(house.scene.alice)
    where = create(parent, house.scene.alice, body=OGG[:5_000]).headers["Location"]
    refused = patch(parent, where, offset, b"x" * 100)
    assert (refused.status_code, refused.get_json()["detail"]) == (409, {"offset": 5_000})
    assert head(parent, where).headers["Upload-Offset"] == "5000"


def test_headers_that_are_no_base64_are_refused(house: OpenHouse) -> None:
    alice = house.scene.alice
    parent = house.parent(alice)
    where = create(parent, alice).headers["Location"]
    for said in ("sha1 \u00cd", "sha1 a"):
        assert patch(parent, where, 0, OGG[:100], Upload_Checksum=said).status_code == 422
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "9", "Upload-Metadata": "key \u00cd\u00cd"}
    assert parent.ask("POST", "/uploads", headers=headers).status_code == 422


def test_a_checksum_that_does_not_fit_keeps_nothing(house: OpenHouse) -> None:
    parent = house.parent(house.scene.alice)
    where = create(parent, house.scene.alice).headers["Location"]
    right = base64.b64encode(hashlib.sha1(OGG[:100]).digest()).decode()
    wrong = patch(parent, where, 0, OGG[1:101], Upload_Checksum=f"sha1 {right}")
    assert (wrong.status_code, head(parent, where).headers["Upload-Offset"]) == (460, "0")
    assert patch(parent, where, 0, OGG[:100], Upload_Checksum=f"md5 {right}").status_code == 400
    assert patch(parent, where, 0, OGG[:100], Upload_Checksum=f"sha1 {right}").status_code == 204


def test_somebody_elses_upload_is_not_there(house: OpenHouse) -> None:
    where = create(house.parent(house.scene.alice), house.scene.alice).headers["Location"]
    for guest in (house.parent(house.scene.bob), house.terminal(house.scene.alice), house.parent(house.scene.charlie)):
        assert head(guest, where).status_code == 404
        assert patch(guest, where, 0, OGG).status_code == 404
        assert guest.ask("DELETE", where, headers={"Tus-Resumable": "1.0.0"}).status_code == 404
    assert house.nobody().ask("HEAD", where, headers={"Tus-Resumable": "1.0.0"}).status_code == 401
    assert create(house.parent(house.scene.bob), house.scene.alice).status_code == 404


def test_without_consent_nothing_is_begun(house: OpenHouse) -> None:
    with house.database.begin() as session:
        from app.families.models import Consent

        for consent in session.scalars(select(Consent).where(Consent.child_id == house.scene.alice.child)):
            consent.revoked_at = house.clock.now()
    refused = create(house.parent(house.scene.alice), house.scene.alice)
    assert refused.status_code == 409
    with house.database.read() as session:
        assert session.scalars(select(Upload)).all() == []


BAD: list[tuple[dict[str, Any], int]] = [
    ({"length": 0}, 422), ({"length": rules.VOICE_BYTES + 1}, 413),
    ({"filetype": "text/html"}, 422),
    ({"filetype": "image/webp", "length": rules.PHOTO_BYTES + 1}, 413), ({"key": "short"}, 422),
    ({"key": "ü" * 9}, 422),
    ({"deliver": "2500-01-01"}, 409), ({"deliver": "2020-01-01"}, 409), ({"deliver": "2026-02-30"}, 422),
    ({"deliver": "tomorrow"}, 422), ({"repeat": "hourly"}, 422),
    ({"sha256": "f00"}, 422), ({"recorded_at": "now"}, 422),
    ({"answers": "nobodys"}, 404), ({"photo": "nobodys"}, 404), ({"child_id": "nobody"}, 404), ({"child_id": ""}, 404),
    ({"key": "with\0nul-in-it"}, 422), ({"key": "x" * 5_000}, 413),
]  # fmt: skip


@pytest.mark.parametrize(("said", "status"), BAD, ids=[str(said)[:50] for said, _ in BAD])
def test_bad_wishes_are_refused_in_words(house: OpenHouse, said: dict[str, Any], status: int) -> None:
    refused = create(house.parent(house.scene.alice), house.scene.alice, **said)
    assert refused.status_code == status, refused.data
    assert refused.get_json()["message"]
    with house.database.read() as session:
        assert session.scalars(select(Blob)).all() == []


def test_headers_that_lie_or_lack(house: OpenHouse) -> None:
    parent = house.parent(house.scene.alice)
    assert parent.ask("POST", "/uploads", headers={"Upload-Length": "5"}).status_code == 412
    assert parent.ask("POST", "/uploads", headers={"Tus-Resumable": "1.0.0"}).status_code == 400
    where = create(parent, house.scene.alice, length=100).headers["Location"]
    assert patch(parent, where, 0, b"x" * 101).status_code == 413
    assert head(parent, where).headers["Upload-Offset"] == "0"
    wrong_type = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "text/plain"}
    assert parent.ask("PATCH", where, headers=wrong_type, data=b"x").status_code == 415
    assert patch(parent, where, 0, bytes(rules.PATCH_BYTES + 1)).status_code == 413
    options = parent.ask("OPTIONS", "/uploads")
    assert (options.status_code, options.headers["Tus-Version"]) == (204, "1.0.0")


def test_it_expires_and_is_given_up(house: OpenHouse) -> None:
    parent = house.parent(house.scene.alice)
    where = create(parent, house.scene.alice, body=OGG[:1_000]).headers["Location"]
    kept = create(parent, house.scene.alice, body=OGG[:1_000]).headers["Location"]
    assert parent.ask("DELETE", where, headers={"Tus-Resumable": "1.0.0"}).status_code == 204
    assert head(parent, where).status_code == 410
    house.clock.step(days=15)
    parent = house.parent(house.scene.alice)
    assert head(parent, kept).status_code == 410
    with house.database.read() as session:
        assert {upload.state for upload in session.scalars(select(Upload))} == {UploadState.ENDED, UploadState.OPEN}
