"""Sentences of later parts: not in the page, but at an address of their own, in each language."""

import pytest

from app.web import texts
from tests.web.open_house import OpenHouse


@pytest.mark.parametrize("part", texts.LATER)
def test_a_later_part_has_sentences_that_no_page_brings(part: str) -> None:
    for language in texts.languages():
        later = texts.texts_of_part(part, language)
        assert later
        assert not later.keys() & texts.texts_for_face(part.split(".")[0], language).keys()


def test_they_are_fetched_for_good(house: OpenHouse) -> None:
    guest = house.nobody()
    answer = guest.get(f"/static/{house.version}/texts/zh-CN/phone.door.json")
    assert answer.get_json() == texts.texts_of_part("phone.door", "zh-CN")
    assert "immutable" in answer.headers["Cache-Control"]
    assert guest.get(f"/static/{house.version}/texts/zh-CN/notice.json").status_code == 404
    assert guest.get(f"/static/{house.version}/texts/xx/phone.door.json").status_code == 404
