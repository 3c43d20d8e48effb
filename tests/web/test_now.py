"""`GET /api/now` by its tag: what time it is, is no news."""

import gzip

from tests.scene import at
from tests.web.open_house import Guest, OpenHouse


def tag(guest: Guest) -> str:
    answer = guest.get("/api/now")
    assert answer.status_code == 200
    return str(answer.headers["ETag"])


def test_time_alone_is_no_news(house: OpenHouse) -> None:
    for guest in (house.parent(house.scene.alice), house.terminal(house.scene.alice), house.desk(house.scene.alice)):
        first = tag(guest)
        later = house.clock.step(seconds=7)
        answer = guest.get("/api/now", If_None_Match=first)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["Homethread-Now"] == later.isoformat()
        assert guest.get("/api/now").get_json()["server_time"] != first


def test_a_call_is_news_for_whom_it_concerns(house: OpenHouse) -> None:
    alice, charlie = house.parent(house.scene.alice), house.parent(house.scene.charlie)
    hers, his = tag(alice), tag(charlie)
    house.scene.book(house.scene.alice, at(20))
    assert alice.get("/api/now", If_None_Match=hers).status_code == 200
    assert charlie.get("/api/now", If_None_Match=his).status_code == 304


def test_what_one_may_do_now_is_news(house: OpenHouse) -> None:
    house.scene.book(house.scene.alice, at(20))
    alice = house.parent(house.scene.alice)
    before = tag(alice)
    house.clock.at = at(19, 50)
    answer = alice.get("/api/now", If_None_Match=before)
    assert (answer.status_code, "join" in answer.get_json()["calls"][0]["can"]) == (200, True)


def test_tags_of_two_people_differ(house: OpenHouse) -> None:
    assert tag(house.parent(house.scene.alice)) != tag(house.parent(house.scene.bob))


def test_it_is_packed_for_who_can_unpack_it(house: OpenHouse) -> None:
    desk = house.desk(house.scene.alice)
    plain, packed = desk.get("/api/now"), desk.get("/api/now", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain.headers
    assert (packed.headers["Content-Encoding"], packed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(packed.data) == plain.data
    assert desk.get("/api/now", Accept_Encoding="gzip", If_None_Match=packed.headers["ETag"]).status_code == 304
