"""Which logins and passwords are taken, and which not."""

import pytest

from app.doors import passwords
from app.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("ninechars", "password_too_short"),
        ("x" * 201, "password_too_long"),
        ("password123", "password_too_common"),
        ("PASSWORD!!2026", "password_too_common"),
        ("1234567890", "password_too_common"),
        ("13800000011", "password_too_common"),
        ("qwertyuiop", "password_too_common"),
        ("ｑｗｅｒｔｙｕｉｏｐ", "password_too_common"),
        ("woaini1314520", "password_too_common"),
        ("aaaaaaaaaaab", "password_too_common"),
        ("lee@redstone.example", "password_too_common"),
        ("LEE@Redstone.example2026", "password_too_common"),
        ("coordinator1", "password_too_common"),
    ],
)
def test_a_password_that_anybody_guesses_is_refused(password: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        passwords.check_password(password, "lee@redstone.example")


@pytest.mark.parametrize("password", ["seven lamps", "红石村的老师每天都忙", "Xk4-qq81-zzPo", "my word is a fox"])
def test_a_sentence_will_do(password: str) -> None:
    passwords.check_password(password, "lee@redstone.example")
    assert passwords.is_right(passwords.hashed(password), password)


@pytest.mark.usefixtures("real_hashing")
def test_a_guess_at_a_stolen_file_costs_32_mib_three_times() -> None:
    assert passwords.hashed("seven lamps").startswith("$argon2id$v=19$m=32768,t=3,p=1$")


def test_the_same_characters_are_the_same_however_they_were_typed() -> None:
    assert passwords.is_right(passwords.hashed("caf\u00e9 au lait"), "cafe\u0301 au lait")
    assert not passwords.is_right(passwords.hashed("café au lait"), "cafe au lait")


@pytest.mark.parametrize(
    ("typed", "kept"), [("Li", "li"), (" Straße ", "strasse"), ("李老师", "李老师"), ("ＬＩ@v", "li@v")]
)
def test_a_login_is_folded(typed: str, kept: str) -> None:
    assert passwords.check_login(typed) == kept


@pytest.mark.parametrize("login", ["", "l", "two words", "a" * 81, "a\u202eb", "a\x00b", "<li>"])
def test_what_is_no_login(login: str) -> None:
    with pytest.raises(Invalid, match="bad_login"):
        passwords.check_login(login)
