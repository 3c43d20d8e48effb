"""Short secrets: what is hashed can't be guessed without the key, what is sealed opens for its purpose alone."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web.sealing import KEY_BYTES, Sealer, key_in
from tests.groups import ROOT

ONE, OTHER = Sealer(bytes(KEY_BYTES)), Sealer(bytes([1] * KEY_BYTES))
MAKE = """import sys; from pathlib import Path; from app.web.sealing import key_in
print(key_in(Path(sys.argv[1])).hex())"""


@given(st.text(max_size=40), st.text(max_size=10))
def test_what_is_sealed_opens_again(plain: str, purpose: str) -> None:
    try:
        plain.encode(), purpose.encode()
    except UnicodeEncodeError:
        return
    sealed = ONE.seal(purpose, plain)
    assert ONE.unseal(purpose, sealed) == plain
    assert sealed != ONE.seal(purpose, plain)  # a nonce is never used again


@pytest.mark.parametrize(("sealer", "purpose"), [(OTHER, "code"), (ONE, "totp")])
def test_another_key_or_purpose_opens_nothing(sealer: Sealer, purpose: str) -> None:
    with pytest.raises(ValueError, match="HOMETHREAD_SECRET_KEY"):
        sealer.unseal(purpose, ONE.seal("code", "123456"))


def test_what_was_altered_opens_nothing() -> None:
    sealed = ONE.seal("code", "123456")
    with pytest.raises(ValueError, match="sealed"):
        ONE.unseal("code", ("0" if sealed[-1] != "0" else "1").join((sealed[:-1], "")))


def test_a_hash_depends_on_key_purpose_and_secret() -> None:
    hashes = {sealer.hashed(purpose, code) for sealer in (ONE, OTHER) for purpose in "ab" for code in "12"}
    assert len(hashes) == 8
    assert ONE.hashed("a", "1") == Sealer(bytes(KEY_BYTES)).hashed("a", "1")


def test_the_key_file_is_made_once_for_programs_that_start_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path)]
    started = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    keys = {program.communicate(timeout=60)[0].strip() for program in started}
    assert keys == {key_in(tmp_path).hex()}
    assert len(keys.pop()) == 2 * KEY_BYTES
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
