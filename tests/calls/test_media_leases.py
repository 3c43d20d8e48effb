"""Which media program serves what: the least loaded, one at a time, and another when it is gone."""

from collections import Counter
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.calls import media_leases
from app.calls.media_leases import LEASE, Health
from app.calls.media_models import MediaLease
from app.calls.words import WorkKind
from app.kernel.errors import NotFound, Refused
from app.storage.database import Database
from app.web import media_programs
from app.web.models import Change, MediaProgram
from tests.calls.media_stage import AT_EASE, Act, beat, connect, gone, leases, race
from tests.scene import Scene, at

BRIDGE, ANSWERING = WorkKind.BRIDGE, WorkKind.ANSWERING


def bridge(scene: Scene, call_id: str) -> str | None:
    """Have a call bridged; by whom."""
    with scene.database.begin() as session:
        return media_leases.lease(session, BRIDGE, scene.clock.now(), call_id=call_id).program_id


def holders(scene: Scene) -> list[str | None]:
    return [each.program_id for each in leases(scene)]


def served(scene: Scene) -> set[str]:
    """The programs that were asked for a heartbeat so far."""
    with scene.database.read() as session:
        return set(session.scalars(select(Change.subject_id).where(Change.topic == media_programs.TOPIC)))


@pytest.fixture
def calls(scene: Scene) -> list[str]:
    """Of Alice, Bob and Charlie, on four days."""
    homes = enumerate((scene.alice, scene.bob, scene.charlie))
    return [scene.book(home, at(18 + hour, day=24 + day)) for hour, home in homes for day in range(4)]


class TestWhoGetsIt:
    def test_nobody_alive(self, scene: Scene, calls: list[str]) -> None:
        with pytest.raises(Refused, match="no_media_program"):
            bridge(scene, calls[0])
        assert leases(scene) == []

    def test_one_that_was_not_heard_of_lately_is_not_alive(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "quiet")
        scene.clock.step(seconds=6)
        with pytest.raises(Refused, match="no_media_program"):
            bridge(scene, calls[0])

    def test_the_least_loaded_first_and_all_alike(self, scene: Scene, calls: list[str]) -> None:
        """What they say of themselves is two seconds old, so what they were given since counts as well."""
        programs = {name: connect(scene, name) for name in ("a", "b", "c")}
        beat(scene, "a", programs["a"], Health(5, 400, is_draining=False))
        given = [bridge(scene, call_id) for call_id in calls[:9]]
        assert Counter(given) == dict.fromkeys(programs.values(), 3)
        assert programs["a"] not in given[:2]
        assert served(scene) == set(programs.values())

    def test_a_full_one_gets_nothing_while_there_is_another(self, scene: Scene, calls: list[str]) -> None:
        full, other = connect(scene, "full"), connect(scene, "other")
        beat(scene, "full", full, Health(30, 950, is_draining=False))
        assert {bridge(scene, call_id) for call_id in calls[:5]} == {other}

    def test_one_that_is_draining_gets_nothing(self, scene: Scene, calls: list[str]) -> None:
        stopping = connect(scene, "stopping")
        bridge(scene, calls[0])
        beat(scene, "stopping", stopping, Health(1, 10, is_draining=True))
        assert bridge(scene, calls[0]) == stopping, "what it has it keeps while there is nobody else"
        with pytest.raises(Refused, match="no_media_program"):
            bridge(scene, calls[1])
        other = connect(scene, "other")
        assert bridge(scene, calls[1]) == other

    def test_the_same_work_is_given_once(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a"), connect(scene, "b")
        assert len({bridge(scene, calls[0]) for _ in range(3)}) == 1
        assert len(leases(scene)) == 1

    def test_a_second_work_of_a_call_goes_to_who_has_the_first(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a"), connect(scene, "b")
        for call_id in calls[:4]:
            first = bridge(scene, call_id)
            with scene.database.begin() as session:
                second = media_leases.lease(session, ANSWERING, scene.clock.now(), call_id=call_id).program_id
            assert second == first


class TestWhoKeepsIt:
    def test_a_heartbeat_says_all_that_is_held_and_keeps_it(self, scene: Scene, calls: list[str]) -> None:
        program = connect(scene, "a")
        for call_id in calls[:2]:
            bridge(scene, call_id)
        for _ in range(10):
            scene.clock.step(seconds=2)
            assert beat(scene, "a", program) == {(BRIDGE, call_id) for call_id in calls[:2]}

    def test_what_is_ended_is_held_no_more(self, scene: Scene, calls: list[str]) -> None:
        program = connect(scene, "a")
        bridge(scene, calls[0])
        with scene.database.begin() as session:
            (held,) = media_leases.of_call(session, calls[0])
            media_leases.end(session, held, scene.clock.now())
        assert beat(scene, "a", program) == set()
        assert bridge(scene, calls[0]) == program
        assert len(leases(scene)) == 1

    def test_when_its_socket_goes_another_has_it_at_once(self, scene: Scene, calls: list[str]) -> None:
        first, second = connect(scene, "a"), connect(scene, "b")
        for call_id in calls[:6]:
            bridge(scene, call_id)
        gone(scene, "a")
        assert set(holders(scene)) == {second}
        assert beat(scene, "b", second) == {(BRIDGE, call_id) for call_id in calls[:6]}
        with pytest.raises(NotFound):
            beat(scene, "a", first)

    def test_nobody_else_is_there_so_it_waits_for_who_comes(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a")
        bridge(scene, calls[0])
        gone(scene, "a")
        assert holders(scene) == [None]
        later = connect(scene, "b")
        assert beat(scene, "b", later) == {(BRIDGE, calls[0])}

    def test_when_a_program_falls_silent_another_has_it_after_the_lease(self, scene: Scene, calls: list[str]) -> None:
        """Its web process died with it, so nobody saw its socket go."""
        silent, other = connect(scene, "a"), connect(scene, "b")
        beat(scene, "b", other, Health(9, 899, is_draining=False))
        assert bridge(scene, calls[0]) == silent
        since = scene.clock.now()
        while not beat(scene, "b", other):
            scene.clock.step(seconds=2)
            assert scene.clock.now() - since <= LEASE
        assert holders(scene) == [other]

    def test_one_that_comes_back_under_its_name_goes_on(self, scene: Scene, calls: list[str]) -> None:
        """Over another web process: the socket before it counts no more, and its end takes nothing away."""
        program = connect(scene, "a")
        bridge(scene, calls[0])
        with scene.database.begin() as session:
            again = media_programs.connected(session, "a", "a later socket", scene.clock.now())
            assert again.id == program
        gone(scene, "a")
        with scene.database.begin() as session:
            held = media_leases.renew(session, program, "a later socket", AT_EASE, scene.clock.now()).held
            assert [each.call_id for each in held] == [calls[0]]
            with pytest.raises(NotFound):
                media_leases.renew(session, program, "sid of a", AT_EASE, scene.clock.now())

    def test_one_that_is_draining_hands_its_bridges_over_and_keeps_messages(
        self, scene: Scene, calls: list[str]
    ) -> None:
        stopping = connect(scene, "stopping")
        bridge(scene, calls[0])
        with scene.database.begin() as session:
            media_leases.lease(session, ANSWERING, scene.clock.now(), call_id=calls[1])
        draining = Health(2, 20, is_draining=True)
        assert len(beat(scene, "stopping", stopping, draining)) == 2
        other = connect(scene, "other")
        assert beat(scene, "stopping", stopping, draining) == {(ANSWERING, calls[1])}
        assert beat(scene, "other", other) == {(BRIDGE, calls[0])}

    def test_a_program_of_a_dead_web_process_is_forgotten(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a")
        scene.clock.step(minutes=2)
        beat(scene, "b", connect(scene, "b"))
        with scene.database.read() as session:
            sids = dict(session.execute(select(MediaProgram.name, MediaProgram.sid)).all())
        assert sids == {"a": None, "b": "sid of b"}


class TestRaces:
    def test_one_lease_for_all_who_ask_at_once(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a"), connect(scene, "b")
        now = scene.clock.now()
        ask = partial(media_leases.lease, kind=BRIDGE, now=now, call_id=calls[0])
        assert len({each.id for each in race(scene, [ask] * 6)}) == 1
        assert len(leases(scene)) == 1

    def test_one_lease_that_waits_where_nobody_is_there(self, scene: Scene, calls: list[str]) -> None:
        """No program's row is there to wait at: the index decides."""
        now = scene.clock.now()
        ask = partial(media_leases.lease, kind=ANSWERING, now=now, call_id=calls[0], may_wait=True)
        assert len({each.id for each in race(scene, [ask] * 6)}) == 1
        assert holders(scene) == [None]

    @pytest.mark.parametrize("turn", range(4))
    def test_a_program_dies_while_it_is_given_work(self, scene: Scene, calls: list[str], turn: int) -> None:
        """Whichever is first, nothing stays with the dead one."""
        connect(scene, "dying")
        other = connect(scene, "other")
        beat(scene, "other", other, Health(8, 800, is_draining=False))
        now = scene.clock.now()

        def asks(call_id: str) -> Act:
            return lambda session: media_leases.lease(session, BRIDGE, now, call_id=call_id).id

        def dies(session: Session) -> None:
            media_leases.gone(session, "sid of dying", now)

        acts = [asks(call_id) for call_id in calls[:5]]
        acts.insert(turn, dies)
        race(scene, acts)
        assert holders(scene) == [other] * 5

    def test_two_die_and_one_comes_at_once(self, scene: Scene, calls: list[str]) -> None:
        connect(scene, "a"), connect(scene, "b")
        for call_id in calls[:8]:
            bridge(scene, call_id)
        now = scene.clock.now()

        def dies(name: str, session: Session) -> None:
            media_leases.gone(session, f"sid of {name}", now)

        def comes(session: Session) -> str:
            return media_programs.connected(session, "c", "sid of c", now).id

        race(scene, [partial(dies, "a"), partial(dies, "b"), comes])
        third = connect(scene, "c")
        assert beat(scene, "c", third) == {(BRIDGE, call_id) for call_id in calls[:8]}
        assert set(holders(scene)) == {third}

    def test_a_program_connects_twice_at_once(self, scene: Scene) -> None:
        now = scene.clock.now()

        def comes(sid: str, session: Session) -> str:
            return media_programs.connected(session, "a", sid, now).id

        assert len(set(race(scene, [partial(comes, f"sid {number}") for number in range(4)]))) == 1

    def test_heartbeats_and_deaths_do_not_wait_in_a_circle(self, scene: Scene, calls: list[str]) -> None:
        programs = {name: connect(scene, name) for name in "abcd"}
        for call_id in calls:
            bridge(scene, call_id)
        now = scene.clock.now()

        def beats(name: str, session: Session) -> None:
            media_leases.renew(session, programs[name], f"sid of {name}", AT_EASE, now)

        def dies(name: str, session: Session) -> None:
            media_leases.gone(session, f"sid of {name}", now)

        for dying in "abc":
            race(scene, [partial(dies, dying), *(partial(beats, name) for name in "bcd")])
        assert set(holders(scene)) == {programs["d"]}


def test_the_tables_refuse_a_second_open_lease(scene: Scene, database: Database) -> None:
    call_id, now = scene.book(scene.alice, at(19)), scene.clock.now()

    def row(number: int) -> MediaLease:
        return MediaLease(id=f"lease {number}", kind=BRIDGE, call_id=call_id, made_at=now, leased_until=now)

    with database.begin() as session:
        session.add(row(1))
    with pytest.raises(IntegrityError), database.begin() as session:
        session.add(row(2))
    with database.begin() as session:
        session.get_one(MediaLease, "lease 1").ended_at = now
        session.flush()
        session.add(row(3))
