"""Which passwords are good enough, how they are kept, and the second factor. Pure but for what hashing costs.

Argon2id with 32 MiB, three passes: some 50 ms on a small computer, and at most two at a time, so that a crowd at the
door leaves memory for calls.
"""

import hmac
import re
import threading
import unicodedata
from datetime import datetime

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.kernel.errors import Invalid

SHORTEST, LONGEST = 10, 200
SHORTEST_LOGIN, LONGEST_LOGIN = 2, 80
FEWEST_DIFFERENT = 5
STEP_SECONDS = 30
STEPS_AROUND = (0, -1, 1)  # a phone's clock may be half a minute off
ISSUER = "Homethread"

# What stands on every list of stolen passwords, once digits and marks around it are taken off.
_STOLEN = """
password passwort passw0rd p@ssword p@ssw0rd qwerty qwertyuiop qwertz qwerty123 asdfghjkl zxcvbnm qazwsxedc 1qaz2wsx
qaz2wsx3edc q1w2e3r4t5 q1w2e3r4t5y6 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx3edc zaq12wsx qweasdzxc asdasdasd aa123456 abc123
iloveyou ilovechina woaini woaini1314 woaini520 wodemima mimamima a1b2c3d4e5 trustno1 whatever letmein changeme welcome
administrator admin adminadmin administrador root rootroot login guest default secret master computer internet
monkey dragon football baseball sunshine princess superman batman starwars michael jordan shadow samsung tencent alibaba
homethread coordinator teacher village
"""
COMMONEST = frozenset(_STOLEN.split())
RUNS = ("0123456789" * 3, "9876543210" * 3, "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")

_hasher = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_turns = threading.BoundedSemaphore(2)


def folded_login(login: str) -> str:
    """A login as it is kept and looked for: the same however it was typed."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", login).casefold()).strip()


def check_login(login: str) -> str:
    """The folded login of somebody new. Raises Invalid("bad_login")."""
    folded = folded_login(login)
    if not SHORTEST_LOGIN <= len(folded) <= LONGEST_LOGIN or not re.fullmatch(r"[\w.@+-]+", folded):
        raise Invalid("bad_login")
    return folded


def check_password(password: str, login: str) -> None:
    """Raise Invalid: password_too_short, password_too_long, or password_too_common."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        raise Invalid("password_too_short", shortest=SHORTEST)
    if len(plain) > LONGEST:
        raise Invalid("password_too_long", longest=LONGEST)
    if is_common(plain.casefold(), folded_login(login)):
        raise Invalid("password_too_common")


def is_common(plain: str, login: str) -> bool:
    """Whether it is among the first that anybody tries: a stolen one, the login, a run of keys, digits alone."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)
    own = {login, login.partition("@")[0]}
    guessed = {plain, core}
    is_plain = not core or len(set(plain)) < FEWEST_DIFFERENT or any(plain in run for run in RUNS)
    return is_plain or bool(guessed & COMMONEST) or bool(guessed & own)


def hashed(password: str) -> str:
    with _turns:
        return _hasher.hash(_plain(password))


def is_right(kept: str, password: str) -> bool:
    with _turns:
        try:
            return _hasher.verify(kept, _plain(password))
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether it was hashed with other parameters than are right today."""
    return _hasher.check_needs_rehash(kept)


def new_secret() -> str:
    return pyotp.random_base32()


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute that a code is of, this one or one beside it; None for a code of no such time."""
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    found = [step for step in (current + beside for beside in STEPS_AROUND)
             if hmac.compare_digest(totp.generate_otp(step), code)]  # fmt: skip
    return found[0] if found else None


def uri(secret: str, login: str) -> str:
    """What an authenticator scans."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def _plain(password: str) -> str:
    """The same password, however the keyboard put its characters together."""
    return unicodedata.normalize("NFKC", password)
