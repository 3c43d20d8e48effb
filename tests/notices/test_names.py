"""Names, places and free words as a text has room for them."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.notices.names import plain, short_name, short_place, typed, visible
from app.notices.segments import Encoding


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("王小明", "王小明"),
        ("阿依古丽·艾合买提", "阿依古丽"),
        ("欧阳娜娜小姐姐", "欧阳娜娜小"),
        ("Maria Fernanda Xu", "Maria"),
        ("  Li  Wei ", "Li"),
        ("Maximiliana-Josefina", "Maximiliana"),
    ],
)
def test_names_are_shortened(name: str, short: str) -> None:
    assert short_name(name) == short


@pytest.mark.parametrize(
    ("place", "short"),
    [
        ("青石村", "青石村"),
        ("新疆维吾尔自治区青石村", "新疆维吾尔自治区"),
        ("Upper\nQingshi Village", "Upper Qingshi Vi"),
    ],
)
def test_places_are_shortened(place: str, short: str) -> None:
    assert short_place(place) == short


@given(st.text(st.characters(codec=None), max_size=200))
def test_nothing_unseen_is_left_of_whatever_was_written(words: str) -> None:
    for said in (visible(words), typed(words), short_name(words), short_place(words), plain(visible(words))):
        said.encode("utf-8")  # no half of a surrogate pair
        assert not any(unicodedata.category(c) in ("Cc", "Cf") and c not in "\n\u200c\u200d" for c in said)


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("a\u202eb\u202cc", "abc"),
        ("a\x00\x1b\x07b", "ab"),
        ("a\r\nb\rc\td", "a\nb\nc d"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\ud83e\udd8a\ud83e", "🦊�"),
        ("\ufeffa\u200eb\u2067c\u2069", "abc"),
    ],
)
def test_marks_that_turn_a_text_around_and_control_characters_are_dropped(words: str, seen: str) -> None:
    assert visible(words) == seen


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        ("“Ja” – ‘so’ …", "\"Ja\" - 'so' ..."),
        ("  e\u0301te\u0301 ", "été"),
        ("“明天”……", "“明天”……"),
        ("“não”", "“não”"),
    ],
)
def test_typed_quotes_are_plain_where_that_halves_the_price(words: str, sent: str) -> None:
    assert typed(words) == sent


@given(st.text(st.sampled_from("Łłđøßéşğiאя约🦊œ"), max_size=20))
def test_plain_letters_are_never_longer_than_what_they_save(word: str) -> None:
    before, after = Encoding.UCS2.width(word), Encoding.UCS2.width(plain(word))
    assert after <= before + word.count("œ")
    assert plain(plain(word)) == plain(word)
