"""What a text says, as a table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sms import rules
from app.sms.lexicon import words
from app.sms.rules import DIGITS, Kind, Said
from app.sms.words import Command
from app.web import texts

ONES = [
    "1", " 1 ", "1.", "1。", "(1)", "【1】", "「1」", "１", "①", "❶", "⑴", "⒈", "1️⃣", "1!", "#1", "1\n", "\u202a1\u202c",
    "\u200f1", "\ufeff1", "1\x00", "回复1", "回复 1", "回1", "回复：１", "Reply 1", "reply: 1", "reply1", "1 please",
    "请回1", "一", "第1个", "选1", "1 👍", "1🙏", "1 yes", "yes 1", "1好的", "1，谢谢！", "1 1", "١", "१",
]  # fmt: skip
COMMANDS = {
    Command.CONFIRM: [
        "yes", "Yes!", "OK", "ok thanks", "好", "好的，谢谢", "行", "确认", "嗯嗯", "👍", "👍🏽", "ＯＫ", "不取消",
        "不要取消",
    ],
    Command.TIMES: ["other times", "Another time please", "改时间", "换个时间吧", "改期"],
    Command.CANCEL: ["no", "No thank you", "cancel", "can't", "取消", "不行", "来不了", "取消吧", "没空", "不可以"],
    Command.CALL_BACK: ["call me back", "回电", "请给我回电话"],
    Command.WHO: ["who is this?", "Who are you", "你是谁？", "您是哪位"],
    Command.HELP: ["help", "HELP!", "帮助", "怎么用？"],
    Command.STOP: ["STOP", "stop", "T", "td", "TD", "退订", "停", "ＴＤ", "回T", "Stop please", "别发了"],
    Command.START: ["start", "START", "恢复", "开始"],
}  # fmt: skip
MESSAGES = [
    "1 o'clock is better", "3 days ill", "No, I can come", "别忘了", "一会儿打给你", "妈妈想你", "2nd floor",
    "谢谢", "hello", "Stop by on Sunday", "好好学习", "❤️", "1" * 41 + " a", "我好", "notice", "yesterday", "Tomorrow?",
    "היי", "مرحبا", "1 خبز", "好" * 50, "yes but later", "do not cancel",
]  # fmt: skip
UNCLEAR = [
    "",
    " ",
    "?",
    "？！",
    "…",
    "11",
    "12:30",
    "1 3",
    "1 no",
    "2 yes",
    "6 7",
    "yes no",
    "好 不行",
    "\ufffd\ufffd",
    "\x00",
    "10",
    "1" * 30,
]
LONELY = ["6", "7", "8"]


@pytest.mark.parametrize("text", ONES)
def test_a_one_however_it_is_written(text: str) -> None:
    assert rules.read(text, words()) == Said(Kind.DIGIT, digit=1)


@pytest.mark.parametrize(("command", "text"), [(command, text) for command in COMMANDS for text in COMMANDS[command]])
def test_words_that_stand_for_commands(command: Command, text: str) -> None:
    assert rules.read(text, words()) == Said(Kind.WORD, command=command)


@pytest.mark.parametrize("text", MESSAGES)
def test_what_is_more_than_a_command_is_a_message(text: str) -> None:
    assert rules.read(text, words()).kind is Kind.MESSAGE


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_says_nothing_or_two_things_is_unclear(text: str) -> None:
    assert rules.read(text, words()).kind is Kind.UNCLEAR


@pytest.mark.parametrize("text", LONELY)
def test_digits_without_a_meaning_are_digits_all_the_same(text: str) -> None:
    said = rules.read(text, words())
    assert (said.kind, said.digit) == (Kind.DIGIT, int(text))
    assert said.digit not in DIGITS


def test_no_word_stands_for_two_commands() -> None:
    """Whatever language it is of: everybody is understood in all of them."""
    meant: dict[str, set[str]] = {}
    for tag in texts.languages():
        for key, table in texts.texts_of(tag).items():
            if key.startswith("sms.word."):
                for word in table.split("|"):
                    meant.setdefault(rules.plain(word), set()).add(key)
    assert "" not in meant
    assert not {word: keys for word, keys in meant.items() if len(keys) > 1}


@given(st.text(max_size=200))
def test_anything_is_read_without_a_fault(text: str) -> None:
    said = rules.read(text, words())
    assert (said.kind is Kind.DIGIT) == (said.digit is not None)
    assert (said.kind is Kind.WORD) == (said.command is not None)


@pytest.mark.parametrize(
    ("text", "usual", "language"),
    [
        ("小荷", "en", "zh-CN"), ("Hello 小荷", "en", "zh-CN"), ("Hello", "zh-CN", "en"), ("Hello", "en", "en"),
        ("123 😀", "zh-CN", "zh-CN"), ("Привет", "en", "en"),
    ],
)  # fmt: skip
def test_the_language_to_read_a_text_in(text: str, usual: str, language: str) -> None:
    assert rules.language_of(text, usual) == language
