"""What an operator does to villages and coordinators from the command line. How it is typed and printed is `cli.py`'s.

Every web process is told by the doorbell, so that whoever is ended is out at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import segno
from sqlalchemy.orm import Session

from app import bootstrap
from app.bootstrap import Services
from app.config import BadSetting, Config
from app.doors import credentials
from app.doors.credentials import Issued
from app.doors.passwords import check_login, check_password
from app.kernel.errors import HomethreadError, Refused
from app.storage import migrate
from app.storage.database import Database
from app.villages import queries as villages
from app.villages import service
from app.villages.models import Village
from app.web import hints, texts


class Office:
    """The commands, each in a transaction of its own."""

    def __init__(self, config: Config) -> None:
        self._services: Services = bootstrap.build(config)
        if not migrate.is_current(self._services.database):
            raise BadSetting("the tables are not the newest: run `homethread migrate` first")
        hints.ring_after_commit(self._services.database, bootstrap.doorbell(config))

    def add_village(self, name: str, zone: str, language: str) -> str:
        with self._services.database.begin() as session:
            village = service.create_village(session, name=name, zone=zone, language=language)
            return f"{village.name} is village {village.id}, in {village.zone}. Its hours are set at the desk."

    def check_newcomer(self, login: str, village: str) -> None:
        """Refuse before a password is asked for."""
        with self._services.database.read() as session:
            village_called(session, village)
            if check_login(login) in {credential.login for *_who, credential in credentials.everybody(session)}:
                raise Refused("login_taken")

    def add(
        self, login: str, password: str, *, name: str, village: str, language: str | None, is_operator: bool
    ) -> str:  # fmt: skip
        check_password(password, login)
        with self._services.database.begin() as session:
            where = village_called(session, village)
            issued = credentials.add(
                session, self._services.sealer, login=login, password=password, name=name, village_id=where.id,
                language=language or where.language, is_operator=is_operator, now=self._services.clock.now(),
            )  # fmt: skip
        return shown(issued)

    def reset(self, login: str, password: str) -> str:
        with self._services.database.begin() as session:
            now = self._services.clock.now()
            issued = credentials.reset(session, self._services.sealer, login, password, now)
        return shown(issued)

    def end(self, login: str) -> str:
        with self._services.database.begin() as session:
            credentials.end(session, login, self._services.clock.now())
        return f"{login} gets in nowhere any more."

    def list_everybody(self) -> Iterator[str]:
        with self._services.database.read() as session:
            for coordinator, village, credential in credentials.everybody(session):
                notes = ["operator"] * credential.is_operator + ["ended"] * (credential.ended_at is not None)
                yield "  ".join([f"{credential.login:20}", f"{coordinator.name:20}", village.name, *notes])


def first_steps(database: Database) -> str | None:
    """What to type first where nobody can sign in at a desk yet."""
    with database.read() as session:
        if any(credential.ended_at is None for *_who, credential in credentials.everybody(session)):
            return None
        has_village = bool(villages.villages(session))
    steps = [] if has_village else ["homethread village add NAME --zone Asia/Shanghai"]
    steps.append("homethread coordinator add LOGIN --name NAME --village NAME --operator")
    return "\n  ".join(["homethread: nobody can sign in at a desk yet. In another window, run", *steps])


@contextmanager
def in_words() -> Iterator[None]:
    """Turn a refusal into a sentence for whoever typed."""
    try:
        yield
    except HomethreadError as error:
        told = texts.texts_of("en").get(f"error.{error.code}", error.code)
        raise SystemExit(f"homethread: {told.format_map(error.detail)}") from error


def village_called(session: Session, named: str) -> Village:
    """A village by its name or id. Raises Refused where several have that name."""
    found = [village for village in villages.villages(session) if named in (village.id, village.name)]
    if not found:
        raise Refused("unknown_village", names=", ".join(village.name for village in villages.villages(session)) or "–")
    if len(found) > 1:
        raise Refused("several_villages", ids=", ".join(village.id for village in found))
    return found[0]


def shown(issued: Issued) -> str:
    """The second factor to be scanned, once, in the black and white of a terminal."""
    code = StringIO()
    segno.make(issued.uri, error="m").terminal(out=code, compact=True)
    about = "Scan this with an authenticator app (or type in the address); it is not shown again."
    return f"{about}\n\n{code.getvalue()}\n{issued.uri}"
