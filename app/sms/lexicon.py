"""The words that stand for commands, of all languages: the texts `sms.word.<command>`, and `sms.word.filler`."""

from functools import cache

from app.sms import rules
from app.sms.rules import FILLER, Lexicon
from app.sms.words import Command
from app.web import texts


@cache
def words() -> Lexicon:
    names = [*(command.value for command in Command), FILLER]
    return rules.lexicon([{name: texts.text(f"sms.word.{name}", tag) for name in names} for tag in texts.languages()])
