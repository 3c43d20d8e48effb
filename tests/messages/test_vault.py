"""Pieces, the vault and the folder that keeps them, without a database."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gateways.local_blobs import LocalBlobs
from app.messages.keyring import Keyring, UnknownMaster, kept_in, renew
from app.messages.pieces import PIECE_BYTES, Spoiled, count, seal, unseal
from app.messages.ports import NoRoom
from app.messages.vault import Place, Vault

KEY, MASTER = bytes(range(32)), bytes(32)
SPEECH = b"the child said something that nobody else shall read " * 2000


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(LocalBlobs(tmp_path / "messages"), Keyring([MASTER]))


def place(length: int, key: bytes = KEY) -> Place:
    return Place("blob1", key, length)


@settings(max_examples=40, deadline=None)
@given(
    length=st.integers(1, 3 * PIECE_BYTES + 1),
    cuts=st.lists(st.integers(0, 3 * PIECE_BYTES + 1), max_size=6),
    window=st.tuples(st.integers(0, 3 * PIECE_BYTES), st.integers(0, 3 * PIECE_BYTES)),
)
def test_whatever_the_cuts_it_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, length: int, cuts: list[int], window: tuple[int, int]
) -> None:
    vault = Vault(LocalBlobs(tmp_path_factory.mktemp("blobs")), Keyring([MASTER]))
    whole, offset = SPEECH[:length], 0
    for cut in [*sorted(min(cut, length) for cut in cuts), length]:
        offset = vault.append(place(length), offset, whole[offset:cut])
    assert b"".join(vault.read(place(length))) == whole
    from_byte, until = min(window[0], length - 1), min(max(window), length)
    if from_byte < until:
        assert b"".join(vault.read(place(length), from_byte, until)) == whole[from_byte:until]


def test_what_was_sealed_beyond_the_offset_is_written_over(vault: Vault) -> None:
    """A process died between keeping bytes and saying so, even the last ones."""
    whole = SPEECH[: PIECE_BYTES + 500]
    vault.append(place(len(whole)), 0, b"x" * len(whole))
    assert vault.append(place(len(whole)), 0, whole[:300]) == 300
    vault.append(place(len(whole)), 0, whole)
    assert vault.append(place(len(whole)), PIECE_BYTES + 100, whole[PIECE_BYTES + 100 :]) == len(whole)
    assert b"".join(vault.read(place(len(whole)))) == whole


def test_nothing_of_it_lies_readable_in_the_folder(vault: Vault, tmp_path: Path) -> None:
    whole = SPEECH[:40_000]
    vault.append(place(len(whole)), 0, whole[:20_001])
    vault.append(place(len(whole)), 20_001, whole[20_001:])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == count(len(whole))
    assert not any(b"child" in path.read_bytes() for path in files)
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


@pytest.mark.parametrize("harm", ["flip", "swap", "cut", "missing", "other key", "other blob"])
def test_pieces_that_were_meddled_with_are_not_read(vault: Vault, tmp_path: Path, harm: str) -> None:
    whole = SPEECH[: 2 * PIECE_BYTES + 10]
    vault.append(place(len(whole)), 0, whole)
    folder = next(path.parent for path in tmp_path.rglob("0"))
    if harm == "flip":
        sealed = bytearray((folder / "1").read_bytes())
        sealed[100] ^= 1
        (folder / "1").write_bytes(sealed)
    elif harm == "swap":
        first, second = (folder / "0").read_bytes(), (folder / "1").read_bytes()
        (folder / "0").write_bytes(second)
        (folder / "1").write_bytes(first)
    elif harm == "cut":
        (folder / "2").write_bytes((folder / "2").read_bytes()[:20])
    elif harm == "missing":
        (folder / "2").unlink()
    read = place(len(whole), bytes(32) if harm == "other key" else KEY)
    if harm == "other blob":
        folder.rename(folder.parent / "blob2")
        read = Place("blob2", KEY, len(whole))
    with pytest.raises(Spoiled):
        b"".join(vault.read(read))


def test_an_end_that_is_left_out_is_noticed(vault: Vault) -> None:
    """Whoever shortens the row too gains nothing: the last piece says that it is the last."""
    whole = SPEECH[: 2 * PIECE_BYTES]
    vault.append(place(len(whole)), 0, whole)
    with pytest.raises(Spoiled):
        b"".join(vault.read(place(PIECE_BYTES)))


def test_the_same_bytes_are_never_sealed_alike() -> None:
    sealed = {seal(KEY, "b", 0, is_last=False, plain=b"same") for _ in range(50)}
    assert len(sealed) == 50
    assert {unseal(KEY, "b", 0, is_last=False, sealed=one) for one in sealed} == {b"same"}


def test_a_full_disk_says_so_and_keeps_what_is_there(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # fmt: skip
    whole = SPEECH[:50_000]
    vault.append(place(len(whole)), 0, whole[:20_000])

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(NoRoom):
            vault.append(place(len(whole)), 20_000, whole[20_000:])
    vault.append(place(len(whole)), 20_000, whole[20_000:])
    assert b"".join(vault.read(place(len(whole)))) == whole
    assert not list(tmp_path.rglob(".*")), "no half-written file is left"


def test_deleted_is_gone(vault: Vault) -> None:
    vault.append(place(100), 0, SPEECH[:100])
    assert list(vault.blobs.blob_ids()) == ["blob1"]
    vault.blobs.delete("blob1")
    vault.blobs.delete("blob1")
    assert list(vault.blobs.blob_ids()) == []


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "a" * 41, "a\0b"])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        LocalBlobs(tmp_path).put(name, 0, b"x")


def test_a_new_master_key_reads_what_the_old_one_wrapped(tmp_path: Path) -> None:
    old = kept_in(tmp_path)
    wrapped = old.wrap("family", KEY)
    new = renew(tmp_path)
    assert new.newest != old.newest
    assert new.unwrap("family", wrapped, old.newest) == KEY
    assert kept_in(tmp_path).newest == new.newest
    assert old.unwrap("family", new.wrap("family", KEY), new.newest) == KEY, "who runs already reads the file anew"
    assert old.newest == new.newest
    with pytest.raises(UnknownMaster):
        Keyring([MASTER]).unwrap("family", new.wrap("family", KEY), new.newest)
    with pytest.raises(UnknownMaster):
        new.unwrap("another family", wrapped, old.newest)
    assert (tmp_path / "message.keys").stat().st_mode & 0o077 == 0
