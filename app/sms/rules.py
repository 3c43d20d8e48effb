"""What a text says: a digit, a word that stands for one, nothing that can be read, or a message. Pure.

A command is the whole of a text and never a part of it: "1 o'clock is better" is a message. Around a digit may stand
brackets, emoji, "reply" and "please"; it may be full-width, circled, a keycap or a Chinese numeral. Words are known by
their languages' tables, in every language to everybody. What a digit means is decided by `conversation.py`.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.sms.words import Command

DIGITS = {
    1: Command.CONFIRM, 2: Command.TIMES, 3: Command.CANCEL, 4: Command.CALL_BACK, 5: Command.WHO, 0: Command.HELP,
    9: Command.STOP,
}  # fmt: skip
# What carriers have taught people to answer, whatever else they read.
STOP_WORDS = frozenset({"退订", "td", "t", "stop", "停", "unsubscribe"})
FILLER = "filler"  # the key of words that say nothing by themselves
NUMERALS = {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
LONGEST_COMMAND = 40
UNREADABLE = "\ufffd"


class Kind(StrEnum):
    DIGIT = "digit"
    WORD = "word"
    UNCLEAR = "unclear"
    MESSAGE = "message"


@dataclass(frozen=True)
class Said:
    """A digit from 0 to 9, or the command that a word stands for, as `kind` says."""

    kind: Kind
    digit: int | None = None
    command: Command | None = None


MESSAGE, UNCLEAR = Said(Kind.MESSAGE), Said(Kind.UNCLEAR)
Lexicon = Mapping[str, Command | None]


def lexicon(tables: Collection[Mapping[str, str]]) -> Lexicon:
    """Words to commands, of the tables of all languages: by command, or `filler`, words with `|` between them."""
    found: dict[str, Command | None] = {}
    for table in tables:
        for name, words in table.items():
            for word in words.split("|"):
                found[plain(word)] = None if name == FILLER else Command(name)
    return found | dict.fromkeys(STOP_WORDS, Command.STOP)


def read(text: str, words: Lexicon) -> Said:
    """What a whole text says."""
    readable = text.replace(UNREADABLE, " ")
    if not any(_is_letter(c) or unicodedata.category(c) == "So" for c in readable):
        return UNCLEAR
    said = plain(readable)
    if len(said) > LONGEST_COMMAND:
        return MESSAGE
    tokens = list(_tokens(said, words))
    if not said or None in tokens:
        return MESSAGE
    digits = {token for token in tokens if isinstance(token, int)}
    return _meant(digits, [token for token in tokens if isinstance(token, Command)])


def plain(text: str) -> str:
    """In small letters and ASCII digits, with single spaces for what is neither letter, digit nor a symbol."""
    return " ".join("".join(_plain(c) for c in unicodedata.normalize("NFKC", text)).casefold().split())


def language_of(text: str, usual: str) -> str:
    """The language to read a text aloud in, by its letters, or else the one that its writer uses."""
    if any("\u3400" <= c <= "\u9fff" for c in text):
        return "zh-CN"
    is_latin = any(c.isascii() and c.isalpha() for c in text)
    return "en" if is_latin and usual.startswith("zh") else usual


def _meant(digits: Collection[int], commands: Sequence[Command]) -> Said:
    """One thing; of what contradicts itself nothing is taken, nor what may be a word against another ("no cancel")."""
    if len(digits) == 1:
        (digit,) = digits
        agrees = set(commands) <= {DIGITS.get(digit)}
        return Said(Kind.DIGIT, digit=digit) if digit <= 9 and agrees else UNCLEAR
    if digits or len(set(commands)) > 1 or commands.count(Command.CANCEL) > 1:
        return UNCLEAR
    return Said(Kind.WORD, command=commands[0]) if commands else MESSAGE


def _tokens(said: str, words: Lexicon) -> Iterator[int | Command | str | None]:
    """Numbers, commands and fillers (""), each the longest that stands at its place; None for what is none of them."""
    at = 0
    while at < len(said):
        if said[at] == " ":
            at += 1
            continue
        if said[at].isdigit():
            end = at
            while end < len(said) and said[end].isdigit():
                end += 1
            yield int(said[at:end])
            at = end
            continue
        word = _longest(said, at, words)
        if word is None and said[at] in NUMERALS:
            yield NUMERALS[said[at]]
            at += 1
        elif word is None:
            yield "" if unicodedata.category(said[at]) == "So" else None
            at += 1
        else:
            command = words[word]
            yield "" if command is None else command
            at += len(word)


def _longest(said: str, at: int, words: Lexicon) -> str | None:
    """The longest known word at this place; one of an alphabet ends where the letters end."""
    for length in range(min(len(said) - at, LONGEST_COMMAND), 0, -1):
        word, after = said[at : at + length], said[at + length : at + length + 1]
        if word in words and not (_is_alphabetic(word[-1]) and after and _is_alphabetic(after)):
            return word
    return None


def _plain(c: str) -> str:
    digit = unicodedata.digit(c, None)
    if digit is not None:
        return str(digit)
    kind = unicodedata.category(c)
    if kind[0] == "L" or kind == "So":
        return c
    return "" if kind in ("Cf", "Mn", "Me", "Sk") else " "


def _is_letter(c: str) -> bool:
    return unicodedata.category(c)[0] in "LN"


def _is_alphabetic(c: str) -> bool:
    """Of a script that puts spaces between words."""
    return c.isalpha() and not "\u3400" <= c <= "\u9fff"
