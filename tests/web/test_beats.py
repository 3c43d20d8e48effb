"""A device that is heard of, and who is told of it."""

from datetime import timedelta

from sqlalchemy import delete, select

from app.web import sessions
from app.web.models import Change
from app.web.principals import PERSON, TERMINAL
from tests.scene import NOW
from tests.web.open_house import OpenHouse


def test_a_village_is_told_of_a_terminal_that_is_there_again(house: OpenHouse) -> None:
    """Once each time, not with every beat; a phone is nobody's affair."""
    scene = house.scene
    village_id = scene.alice.village
    with scene.database.begin() as session:
        terminal, _token = sessions.open_session(
            session, TERMINAL, scene.alice.terminal, village_id, "en", NOW, opened_by="desk"
        )
        phone, _token = sessions.open_session(session, PERSON, scene.alice.parent, None, "en", NOW, opened_by="link")
        devices = [terminal.id, phone.id]
    told = []
    for seconds in (0, 20, 40, 40 + sessions.PRESENT_SECONDS + 1):
        with scene.database.begin() as session:
            session.execute(delete(Change))
            for device_id in devices:
                sessions.beat(session, device_id, "idle", True, NOW + timedelta(seconds=seconds))
        with scene.database.read() as session:
            told.append([(change.topic, change.subject_id) for change in session.scalars(select(Change))])
    assert told == [[("village", village_id)], [], [], [("village", village_id)]]
