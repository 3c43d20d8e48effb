"""Media programs that are connected, a second parent for Alice's family, and what races with threads."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.calls import guests, media_leases, picture, seats, timetable
from app.calls.media_leases import Health
from app.calls.media_models import MediaLease
from app.calls.models import Call
from app.calls.seats import Device, Figures, Taken
from app.calls.words import CallState, WorkKind
from app.families import service as families
from app.families.models import Consent
from app.families.words import ConsentKind, MemberRole
from app.kernel.errors import HomethreadError
from app.web import media_programs
from app.web.models import PrincipalKind
from app.web.principals import Principal
from tests.scene import NOW, ZONE, Household, Scene

AT_EASE = Health(calls=0, load_permille=0, is_draining=False)
Act = Callable[[Session], Any]


def person(person_id: str) -> Principal:
    return Principal(PrincipalKind.PERSON, person_id, None, f"d{person_id}"[:16], "en")


def media(program_id: str) -> Principal:
    return Principal(PrincipalKind.MEDIA, program_id, None, program_id, "en")


def connect(scene: Scene, name: str) -> str:
    """A program enters over the socket `sid of NAME`; its id."""
    with scene.database.begin() as session:
        program = media_programs.connected(session, name, f"sid of {name}", scene.clock.now())
        session.flush()
        return program.id


def beat(scene: Scene, name: str, program_id: str, health: Health = AT_EASE) -> set[tuple[WorkKind, str | None]]:
    """(kind, call) of all that the program holds."""
    with scene.database.begin() as session:
        held = media_leases.renew(session, program_id, f"sid of {name}", health, scene.clock.now()).held
        return {(each.kind, each.call_id) for each in held}


def gone(scene: Scene, name: str) -> None:
    with scene.database.begin() as session:
        media_leases.gone(session, f"sid of {name}", scene.clock.now())


def leases(scene: Scene) -> list[MediaLease]:
    """The open ones."""
    with scene.database.read() as session:
        held = select(MediaLease).where(MediaLease.ended_at.is_(None))
        return list(session.scalars(held.order_by(MediaLease.made_at, MediaLease.id)))


def another_parent(scene: Scene, whose: Household, name: str, number: int, *kinds: ConsentKind) -> str:
    """One more parent of a family, who may call the child unless it says otherwise; their id."""
    with scene.database.begin() as session:
        phone = f"+861391000{number:04}"
        who = families.add_person(session, name=name, zone=ZONE, language="en", phone=phone, confirmed_at=NOW)
        families.add_member(session, family_id=whose.family, person_id=who.id, role=MemberRole.PARENT, now=NOW)
        for kind in kinds or (ConsentKind.CALL,):
            families.give_consent(
                session, child_id=whose.child, contact_id=who.id, kind=kind, given_by=whose.parent, evidence="paper",
                from_at=NOW - timedelta(days=1), now=NOW,
            )  # fmt: skip
        return who.id


def allow_messages(scene: Scene, whose: Household) -> None:
    """The parent and the child of a family may leave each other messages."""
    now = scene.clock.now()
    with scene.database.begin() as session:
        families.give_consent(
            session, child_id=whose.child, contact_id=whose.parent, kind=ConsentKind.MESSAGE, given_by=whose.parent,
            evidence="paper", from_at=now - timedelta(days=1), now=now,
        )  # fmt: skip


def withdraw_messages(scene: Scene, whose: Household) -> None:
    with scene.database.begin() as session:
        given = select(Consent.id).where(Consent.contact_id == whose.parent, Consent.kind == ConsentKind.MESSAGE)
        for consent_id in session.scalars(given.where(Consent.revoked_at.is_(None))).all():
            families.revoke_consent(session, consent_id, scene.clock.now())


def withdraw(scene: Scene, person_id: str) -> None:
    with scene.database.begin() as session:
        given = session.scalars(select(Consent).where(Consent.contact_id == person_id, Consent.revoked_at.is_(None)))
        for consent in given.all():
            families.revoke_consent(session, consent.id, scene.clock.now())


def take(scene: Scene, call_id: str, who: Principal, *, page: str = "page", here: bool = True) -> Taken:
    with scene.database.begin() as session:
        device = Device(f"sid of {who.device_id}", page, here)
        return seats.take(session, call_id, who, device, scene.clock.now())


def leave(scene: Scene, call_id: str, who: Principal, reason: str = seats.FAREWELL) -> None:
    with scene.database.begin() as session:
        seats.leave(session, call_id, f"sid of {who.device_id}", reason, scene.clock.now())


def hear(scene: Scene, call_id: str, who: Principal) -> None:
    """The device reports that it receives voice."""
    with scene.database.begin() as session:
        figures = Figures(received_audio_bytes=500)
        seats.report(session, call_id, f"sid of {who.device_id}", figures, scene.clock.now())


def ringing(scene: Scene, whose: Household) -> str:
    """A call of theirs that rings since this minute."""
    call_id = scene.book(whose, scene.clock.now() + timedelta(hours=1))
    scene.clock.at = scene.call(call_id).starts_at
    tick(scene, call_id)
    assert scene.call(call_id).state is CallState.RINGING
    return call_id


def live(scene: Scene, whose: Household) -> str:
    call_id = ringing(scene, whose)
    for who in (whose.as_parent, whose.as_terminal):
        take(scene, call_id, who)
    for who in (whose.as_parent, whose.as_terminal):
        hear(scene, call_id, who)
    assert scene.call(call_id).state is CallState.LIVE
    return call_id


def tick(scene: Scene, call_id: str) -> Call:
    with scene.database.begin() as session:
        timetable.tick(session, call_id, scene.clock.now())
    return scene.call(call_id)


def race(scene: Scene, acts: Sequence[Act]) -> list[Any]:
    """All at once from threads of their own; what each gave or was refused with, in the order of `acts`."""
    barrier, outcomes = threading.Barrier(len(acts)), dict[int, Any]()

    def racer(number: int, act: Act) -> None:
        barrier.wait()
        try:
            with scene.database.begin() as session:
                outcomes[number] = act(session)
        except HomethreadError as error:
            outcomes[number] = error.code

    threads = [threading.Thread(target=racer, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [outcomes[number] for number in range(len(acts))]


def still_on(scene: Scene, call_id: str, *whom: Principal) -> None:
    """All are heard of, and what is due is done."""
    with scene.database.begin() as session:
        for who in (scene.alice.as_parent, scene.alice.as_terminal, *whom):
            seats.renew(session, f"sid of {who.device_id}", scene.clock.now())
    connect(scene, "a")
    tick(scene, call_id)


def stays(scene: Scene, call_id: str) -> list[str]:
    """Who is a guest there now, also who was just lost."""
    with scene.database.read() as session:
        return [seat.guest_id for seat in guests.seats(session, call_id)]


def shown(scene: Scene, call_id: str, who: Principal) -> Any:
    with scene.database.read() as session:
        return picture.call_shape(session, scene.call(call_id), who, scene.clock.now())


def seen(scene: Scene, who: Principal) -> list[str]:
    with scene.database.read() as session:
        return [call.id for call in guests.calls_of(session, who.subject_id, scene.clock.now())]


def coming(scene: Scene, call_id: str, who: Principal, page: str = "page") -> Any:
    def comes(session: Session) -> str:
        device = Device(f"sid of {who.device_id}", page, is_here=True)
        return seats.take(session, call_id, who, device, scene.clock.now()).seat.id

    return comes
