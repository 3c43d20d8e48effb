"""The sentences that a terminal can say: each by the key of its text, in the places where they are said.

`terminal.screen.X` is said when screen X comes, `terminal.help.X` when help is asked for there, `terminal.act.X` and
`terminal.say.X` by the control X or by what happens; an error has the key of its own text. A sentence with a hole in
it can't be recorded and isn't here. How long one takes to say is told from its text.
"""

import unicodedata

WIDE_PER_SECOND, NARROW_PER_SECOND, BREATH_SECONDS = 4.0, 13.0, 0.7

# By place, in the order in which people come through them; `screen`, `help`, `act`, `say` as above, the rest in full.
_SAID: dict[str, dict[str, str]] = {
    "wall": {
        "screen": "starting idle pairing self-test",
        "help": "idle self-test",
        "act": "family help retry wall done test.corner test.tone test.heard test.again test.close",
    },
    "family": {
        "screen": "faces family here next asked offered proposed to-confirm wished called-off",
        "help": "faces family next asked offered proposed to-confirm wished called-off",
        "act": "face back ask here confirm decline visit.other visit.cancel visit.unwish",
    },
    "asking": {
        "screen": "ask ask-more ask-confirm ask-none ask-forbidden",
        "help": "ask ask-more ask-confirm ask-none ask-forbidden",
        "act": "slot send-ask visit.more visit.wish",
    },
    "cancelling": {
        "screen": "cancel cancel-confirm undo",
        "help": "cancel cancel-confirm undo",
        "act": "visit.because.sick visit.because.no_time visit.because.weather visit.because.terminal_broken "
        "visit.because.other visit.sure visit.keep visit.undo",
    },
    "call": {
        "screen": "ring auto-answer connecting waiting live lost refused goodbye change-over",
        "help": "auto-answer",
        "act": "answer itself.answer itself.stop itself.here microphone camera hang-up hang-up-confirm stay ask-next "
        "after.speak",
        "say": "save-data look-at turns",
        "": "terminal.itself.alone",
    },
    "answering": {
        "screen": "answering",
        "help": "answering",
        "say": "answering-record answering-discard answering-close answering-kept answering-cut answering-lost",
    },
    "speaking": {
        "screen": "whom speak",
        "help": "whom speak",
        "act": "visit.speak visit.speak.whom visit.speak.again visit.speak.remove",
        "say": "voice-record voice-play voice-send voice-discard voice-undo voice-again no-microphone no-room "
        "stuck",
    },
    "messages": {
        "screen": "messages message-coming message-over message-broken",
        "help": "messages message message-coming message-over message-broken",
        "act": "visit.message.open visit.message.pause visit.message.slower visit.message.faster visit.message.again "
        "visit.message.next visit.message.answer visit.message.album visit.message.done",
    },
    "letters": {
        "screen": "text-shown",
        "help": "text text-shown",
        "act": "visit.text.open visit.text.again visit.text.on visit.text.next visit.text.done",
    },
    "pictures": {
        "screen": "pin",
        "help": "pin",
        "act": "lock pin pin-undo",
        "": "terminal.pin.current terminal.pin.new terminal.pin.again terminal.pin.wrong terminal.pin.unlike "
        "terminal.pin.sand",
    },
    "troubles": {
        "say": "trouble",
        "": "common.offline common.timeout common.cannot_reach common.our_side common.trying_again "
        "common.reason.consent_ended "
        "error.call_over error.in_the_past error.message_ended error.no_consent error.no_contact error.not_found "
        "error.outside_hours error.person_busy error.pin_blocked error.rendition_failed error.rendition_later "
        "error.seat_taken_elsewhere error.slot_taken error.terminal_busy error.too_early error.too_late "
        "error.too_late_to_propose error.too_often error.unavailable error.unexpected",
    },
}  # fmt: skip

PLACES = {
    place: tuple(
        f"terminal.{kind}.{each}" if kind else each for kind, listed in kinds.items() for each in listed.split()
    )
    for place, kinds in _SAID.items()
}


KEYS = frozenset(key for listed in PLACES.values() for key in listed)


def seconds(sentence: str) -> int:
    """About how long somebody takes who says it slowly."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in sentence)
    return round(BREATH_SECONDS + wide / WIDE_PER_SECOND + (len(sentence) - wide) / NARROW_PER_SECOND)
