"""Empty, loading, offline, error and denied: for each screen the gallery's row that shows it, or why it can't come.

The names are those of `states.py`. What a screen doesn't ask the server for can't be late, fail or be refused; what is
told to the server is told of by a short sentence above the screen, of which the rows show one of each kind.
"""

from typing import NamedTuple

GIVEN = "it stands for something that is there"
UNASKED = "nothing is asked for: it is drawn from what the page knows already"
KNOWN = "what is known stays, and the sign of the link says that it is gone"
OWN = "it is one's own: who may not see it is signed out, and stands at the door"
FALLS_BACK = "the family's page comes back, with a sentence above it"
TRIED = "it is tried again until it works"


class States(NamedTuple):
    empty: str = GIVEN
    loading: str = UNASKED
    offline: str = KNOWN
    error: str = UNASKED
    denied: str = UNASKED


def asked(name: str, empty: str = GIVEN) -> States:
    """A page that reads what it shows: its rows are called alike."""
    return States(empty, *(f"{name}-{state}" for state in ("loading", "offline", "error", "denied")))


PHONE = {
    "begin": States(error=TRIED, offline=TRIED),
    "book": asked("phone-book", "phone-book-none-suits"),
    "ended": States(),
    "home": States("phone-home-empty", "phone-loading", "phone-home-offline", "phone-error", "phone-door"),
    "hours": asked("phone-hours", "phone-hours-empty"),
    "line": States(offline="phone-line-offline", error="phone-line-offline"),
    "live": States(offline="phone-call-lost-phone"),
    "lost": States(offline="phone-call-lost-phone"),
    "messages": States(
        "phone-messages-empty", "phone-messages-loading", "phone-messages-offline", "phone-messages-error",
        "phone-messages-denied",
    ),
    "moved": States(),
    "outbox": States("phone-outbox-empty", offline="phone-outbox"),
    "own-name": States("phone-own-name", denied=OWN),
    "refused": States(denied="phone-call-refused"),
    "ring": States(),
    "waiting": States(),
    **dict.fromkeys(
        ("door-card", "door-code", "door-faces", "door-gone", "door-number", "door-spent"),
        States("phone-door", "phone-door-offline", "phone-door-offline", "phone-door-error", "phone-door-wrong"),
    ),
}  # fmt: skip
TERMINAL = {
    "ask": States(
        "terminal-ask-none", "terminal-ask-loading", "terminal-ask-offline", "terminal-ask-error",
        "terminal-ask-refused",
    ),
    "ask-confirm": States(offline="terminal-ask-confirm-offline", error=TRIED, denied="terminal-ask-confirm-refused"),
    "ask-forbidden": States(denied="terminal-ask-forbidden"),
    "ask-more": States(
        "terminal-ask-more-empty", "terminal-ask-more-loading", FALLS_BACK, "terminal-ask-more-error", FALLS_BACK,
    ),
    "idle": States(
        "without a family the clock and the help stand alone", "terminal-loading", "terminal-idle-offline",
        "terminal-error", "terminal-pairing",
    ),
    "message": States(
        loading="terminal-message-coming", offline="terminal-message-coming", error="terminal-message-broken",
        denied="terminal-message-broken",
    ),
    "pairing": States(loading="terminal-pairing-offline", offline="terminal-pairing-offline", error=TRIED),
    "refused": States(denied="terminal-call-answer-refused"),
    "starting": States(
        loading="terminal-loading", offline="terminal-cannot-reach", error="terminal-error", denied="terminal-pairing",
    ),
    **dict.fromkeys(
        ("auto-answer", "goodbye", "here", "live", "lost", "ring"), States(offline="terminal-call-lost-terminal"),
    ),
    **dict.fromkeys(
        (
            "ask-none", "asked", "called-off", "cancel", "cancel-confirm", "change-over", "faces", "family",
            "message-broken", "message-coming", "message-over", "messages", "next", "offered", "pin", "proposed",
            "self-test", "speak", "text", "text-shown", "to-confirm", "undo", "whom", "wished",
        ),
        States(),
    ),
}  # fmt: skip
DESK = {
    "audit": asked("desk-audit", "somebody came in to look at it, and that is written there"),
    "door": States(error="the form says what failed, as in all forms", denied="the form says that it is wrong"),
    "enrol": States(),
    "family": asked("desk-family"),
    "ledger": asked("desk-ledger", "desk-ledger-empty"),
    "prompts": asked("desk-prompts", "every sentence of a terminal stands there, recorded or not"),
    "roster": asked("desk-roster", "desk-roster-empty"),
    "start": States(loading="desk-loading", offline="desk-cannot-reach", error="desk-error", denied="desk-door"),
    "texts": asked("desk-texts", "desk-texts"),
    "tonight": States("without a call the same time line stands", error="desk-tonight-error"),
    "troubles": States("desk-troubles"),
    "village": asked("desk-village"),
}
STATES = {
    f"{face} {name}": states
    for face, screens in (("phone", PHONE), ("terminal", TERMINAL), ("desk", DESK))
    for name, states in screens.items()
}
