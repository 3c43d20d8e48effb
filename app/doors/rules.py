"""How long codes are good, how often they may be tried and asked for, and how digits are read. Pure."""

import re
import unicodedata
from datetime import timedelta

from app.kernel.errors import Invalid
from app.web.limits import Limit

CODE_DIGITS = 6
CODE_LIVES = timedelta(minutes=10)
MOST_TRIES = 5
INVITATION_DIGITS = 12
INVITATION_LIVES = timedelta(days=14)
REPEAT_WITHIN = timedelta(minutes=2)  # an answer that was lost on its way may be asked for again by its own key
PAIRING_DIGITS = 8
PAIRING_LIVES = timedelta(minutes=10)
CLAIMED_WITHIN = timedelta(minutes=5)  # of its approval
CLAIM_EVERY_SECONDS = 3
TOKEN_LIVES = timedelta(days=7)  # without a renewal
PREVIOUS_LIVES = timedelta(minutes=2)
RENEWED_EVERY = timedelta(hours=12)
SIGNED_WITHIN = timedelta(minutes=5)
SWEPT_AFTER = timedelta(days=2)

MINUTE, HOUR, DAY = 60, 3600, 86_400
TEXTS_TO_A_NUMBER = (Limit("code number", 3, 15 * MINUTE), Limit("code number day", 8, DAY))
# Many families may sit behind one address of a carrier.
CODES_FROM_AN_ADDRESS = Limit("code address", 30, HOUR)
TRIES_FROM_AN_ADDRESS = Limit("try address", 60, HOUR)
INVITATIONS_FROM_AN_ADDRESS = Limit("invitation address", 20, HOUR)
INVITATIONS_TRIED_HERE = Limit("invitation all", 600, HOUR)  # guessing from many addresses
# A few tries at once, then a wait that grows: a minute, a quarter of an hour, a day.
PASSWORDS_FOR_A_LOGIN_FROM_AN_ADDRESS = (
    Limit("password here", 5, MINUTE), Limit("password here quarter", 10, 15 * MINUTE),
    Limit("password here day", 30, DAY),
)  # fmt: skip
PASSWORDS_FOR_A_LOGIN = (Limit("password login", 30, HOUR), Limit("password login day", 100, DAY))
PASSWORDS_FROM_AN_ADDRESS = Limit("password address", 60, HOUR)  # a school's desks share one
TEXTS_BY_A_DESK = Limit("number desk", 60, HOUR)
PAIRINGS_FROM_AN_ADDRESS = Limit("pairing address", 60, HOUR)  # each unpaired page asks six times an hour
CLAIMS_FROM_AN_ADDRESS = Limit("claim address", 300, MINUTE)
CLAIMS_OF_A_PAIRING = Limit("claim", 30, MINUTE)
APPROVALS_BY_A_DESK = Limit("pairing desk", 20, 10 * MINUTE)
RENEWALS_FROM_AN_ADDRESS = Limit("renewal address", 120, HOUR)


def digits(text: str, count: int) -> str:
    """What was typed or scanned, of any script and with whatever between. Raises Invalid("bad_code")."""
    plain = re.sub(r"[\s.\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text))
    if not re.fullmatch(rf"[0-9]{{{count}}}", plain):
        raise Invalid("bad_code")
    return plain
