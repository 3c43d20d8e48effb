"""What a recording really is, whatever its device says; and bytes that are none, or would be too much."""

import io
import subprocess
import sys
import zlib

import pytest
from PIL import Image
from sqlalchemy import select

from app.families import service as families
from app.families.models import Consent
from app.families.words import ConsentKind
from app.messages import sandbox
from app.messages.rules import LONGEST_MS, VOICE_BYTES
from app.messages.words import MessageState
from tests.families.pictures import bands, packed
from tests.messages.conftest import Post
from tests.messages.recordings import recorded, silence

FORMS = [
    ("ogg", "libopus", "audio/ogg"), ("webm", "libopus", "audio/webm"), ("mp4", "aac", "audio/mp4"),
    ("mp4", "libopus", "audio/mp4;codecs=opus"),
]  # fmt: skip


@pytest.mark.parametrize(("container", "codec", "mime"), FORMS)
def test_a_recording_is_measured(container: str, codec: str, mime: str) -> None:
    found = sandbox.measure(recorded(3.0, container, codec))
    assert found.mime == mime
    assert found.duration_ms == pytest.approx(3_000, abs=50)
    assert 64 <= len(found.peaks) <= 128
    thirds = [max(found.peaks[part * 32 : part * 32 + 32]) for part in range(3)]
    assert thirds == sorted(thirds), "the tone grows louder"
    assert thirds[0] < thirds[2] / 2


def test_one_that_is_cut_off_is_heard_as_far_as_it_goes() -> None:
    whole = recorded(8.0)
    assert 2_000 < sandbox.measure(whole[: len(whole) // 2]).duration_ms < 6_000


def test_silence_is_a_recording() -> None:
    found = sandbox.measure(recorded(3.0, is_silent=True))
    assert (found.duration_ms, max(found.peaks)) == (3_000, 0)


def hours_of_silence() -> bytes:
    """An hour in less than what a voice may weigh."""
    return silence(3_600)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"a text that says that it is Ogg" * 99, "not_audio"), (b"OggS" + b"and then a text" * 99, "not_audio"),
        (b"\x1aE\xdf\xa3" + bytes(5_000), "not_audio"), (b"\0\0\0\x20ftypisom" + b"\xff" * 9_000, "not_audio"),
        (packed(bands(), "JPEG"), "not_audio"), (zlib.compress(bytes(10**7)), "not_audio"), (b"x", "not_audio"),
        (silence(LONGEST_MS // 1000 + 1), "too_long"), (recorded(0.001), "empty"),
        (recorded(2.0, "ogg", "flac"), "not_audio"),
    ],
    ids=["text", "OggS", "EBML", "ftyp", "a picture", "zeros", "a byte", "too long", "a millisecond", "FLAC"],
)  # fmt: skip
def test_what_is_no_recording_is_said_why(raw: bytes, reason: str) -> None:
    with pytest.raises(sandbox.Unfit, match=reason):
        sandbox.measure(raw)


# What its children took: in a process of its own, where nothing else had any.
MEASURED = """
import resource, sys
from app.families import service as families
from app.families.models import Consent
from app.families.words import ConsentKind
from app.messages import sandbox
try:
    sandbox.measure(sys.stdin.buffer.read())
except sandbox.Unfit as unfit:
    took = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(unfit, took.ru_utime, took.ru_maxrss)
"""


def test_an_hour_of_silence_in_a_few_bytes_is_not_decoded_to_its_end() -> None:
    bomb = hours_of_silence()
    assert len(bomb) < VOICE_BYTES
    ended = subprocess.run([sys.executable, "-c", MEASURED], input=bomb, capture_output=True, check=True)
    reason, processor_seconds, kilobytes = ended.stdout.decode().split()
    assert reason == "too_long"
    assert float(processor_seconds) < 5
    assert int(kilobytes) < 400_000


def test_more_memory_than_it_may_have_ends_that_process_alone() -> None:
    wanted = (
        "import sys; sys.argv = ['', 'measure', '1']; import runpy; g = runpy.run_path(sys.stdin.readline().strip())"
    )
    asked = f"{wanted}; g['_limit'](); bytes(2 * 10**9)"
    ended = subprocess.run(
        [sys.executable, "-c", asked], input=f"{sandbox.SCRIPT}\n".encode(), capture_output=True, check=False
    )
    assert b"MemoryError" in ended.stderr


@pytest.mark.parametrize("said", ["audio/mp4", "audio/webm", "audio/ogg"])
def test_what_the_device_says_of_its_kind_is_not_believed(post: Post, said: str) -> None:
    alice = post.house.scene.alice
    assert post.sent(post.house.parent(alice), alice, recorded(2.0, "webm"), filetype=said)["mime"] == "audio/webm"


def test_what_is_no_recording_is_refused_and_its_sender_told_why(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(parent, alice, b"OggS and then a text")
    assert (sent["state"], sent["reason"], sent["peaks"], sent["can"]) == ("refused", "not_audio", None, [])
    assert post.thread(terminal, alice) == []
    assert terminal.get("/api/now").get_json()["families"][0]["messages_waiting"] == 0
    post.settle()
    assert not [path for path in (post.folder / "messages").rglob("*") if path.is_file()]


def test_a_look_that_died_is_tried_again_and_then_given_up(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording is not lost because somebody ended the process that looked at it."""
    alice = post.house.scene.alice
    parent = post.house.parent(alice)

    def die(_raw: bytes) -> sandbox.Measured:
        raise sandbox.Died("ended with -9")

    with monkeypatch.context() as patched:
        patched.setattr(sandbox, "measure", die)
        first = post.sent(parent, alice)
        assert first["state"] == "looked_at"
    post.later(minutes=5)
    assert post.message(first["id"]).state is MessageState.DUE
    monkeypatch.setattr(sandbox, "measure", die)
    second = post.sent(parent, alice)
    post.later(hours=1)
    assert (post.message(second["id"]).state, post.message(second["id"]).reason) == (MessageState.REFUSED, "unreadable")


def photo_with_a_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "the house of Alice"
    made = io.BytesIO()
    bands().resize((1_600, 1_200)).save(made, "JPEG", exif=exif, quality=60)
    assert b"the house of Alice" in made.getvalue()
    return made.getvalue()


def test_a_picture_goes_with_it_small_and_without_where_it_was_taken(post: Post) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    uploaded = post.send(parent, alice, photo_with_a_place(), filetype="image/jpeg").headers["Location"]
    sent = post.sent(parent, alice, photo=uploaded.removeprefix("/uploads/"))
    assert sent["photo"]
    shown = terminal.get(f"/api/messages/{sent['id']}/photo")
    assert (shown.status_code, shown.mimetype) == (200, "image/webp")
    with Image.open(io.BytesIO(shown.data)) as picture:
        assert picture.size == (960, 720)
        assert not picture.getexif()
    assert len(shown.data) <= 60_000
    assert b"the house" not in shown.data


def test_pictures_go_by_a_consent_of_their_own(post: Post) -> None:
    alice, now = post.house.scene.alice, post.house.clock.now()
    parent = post.house.parent(alice)
    uploaded = post.send(parent, alice, photo_with_a_place(), filetype="image/jpeg").headers["Location"]
    sent = post.sent(parent, alice, photo=uploaded.removeprefix("/uploads/"))
    with post.house.database.begin() as session:
        theirs = select(Consent.id).where(Consent.child_id == alice.child, Consent.kind == ConsentKind.PHOTO)
        families.revoke_consent(session, session.scalars(theirs).one(), now)
    assert parent.get(f"/api/messages/{sent['id']}/photo").status_code == 404
    assert parent.get(f"/api/messages/{sent['id']}/recording?mime=audio/ogg").status_code == 200
    (shown,) = parent.get(f"/api/families/{alice.family}/thread").get_json()["messages"]
    assert not shown["photo"]
    refused = post.send(parent, alice, photo_with_a_place(), filetype="image/jpeg")
    assert (refused.status_code, refused.get_json()["error"]) == (409, "consent_ended")
    assert post.sent(parent, alice)["state"] == "due"


def test_a_recording_goes_without_what_is_no_picture(post: Post) -> None:
    alice = post.house.scene.alice
    parent = post.house.parent(alice)
    uploaded = post.send(parent, alice, b"no picture", filetype="image/webp").headers["Location"]
    sent = post.sent(parent, alice, photo=uploaded.removeprefix("/uploads/"))
    assert (sent["state"], sent["photo"]) == ("due", False)
    assert parent.get(f"/api/messages/{sent['id']}/photo").status_code == 404


@pytest.mark.parametrize("container", ["ogg", "webm"])
def test_for_older_ios_it_is_made_once_as_aac(post: Post, container: str) -> None:
    alice = post.house.scene.alice
    parent, terminal = post.house.parent(alice), post.house.terminal(alice)
    sent = post.sent(terminal, alice, recorded(4.0, container), filetype=f"audio/{container}")
    asked = f"/api/messages/{sent['id']}/recording?mime=audio/mp4"
    for _ in range(3):
        later = parent.get(asked)
        assert (later.status_code, later.get_json()["error"]) == (409, "rendition_later")
    post.settle()
    made = parent.get(asked)
    assert (made.status_code, made.mimetype) == (200, "audio/mp4")
    found = sandbox.measure(made.data)
    assert found.mime == "audio/mp4"
    assert found.duration_ms == pytest.approx(4_000, abs=150)
    assert len(made.data) < 18_000, "24 kbit/s"
    assert parent.get(f"/api/messages/{sent['id']}/recording?mime=audio/ogg").data == recorded(4.0, container)
    parent.command(f"/api/messages/{sent['id']}/withdraw")
    terminal.command(f"/api/messages/{sent['id']}/withdraw")
    post.settle()
    assert not [path for path in (post.folder / "messages").rglob("*") if path.is_file()]


def test_what_plays_there_already_is_not_made_anew(post: Post) -> None:
    alice = post.house.scene.alice
    sent = post.sent(post.house.terminal(alice), alice, recorded(2.0, "mp4", "aac"), filetype="audio/mp4")
    for mime in ("audio/mp4", "audio/webm", "audio/ogg", "audio/ogg; codecs=opus", ""):
        got = post.house.parent(alice).ask("GET", f"/api/messages/{sent['id']}/recording", query_string={"mime": mime})
        assert got.data == recorded(2.0, "mp4", "aac")
    odd = post.house.parent(alice).get(f"/api/messages/{sent['id']}/recording?mime=audio/flac")
    assert (odd.status_code, odd.get_json()["error"]) == (422, "not_a_kind")
