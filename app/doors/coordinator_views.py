"""The coordinator's door under /api, and what only an operator finds: everybody's desk, and the other villages."""

from typing import Annotated, Literal

from pydantic import Field

from app.calls.shapes import Id, Nothing, Shape, Text
from app.desk.shapes import NamedShape
from app.doors import credentials
from app.doors.passwords import LONGEST, LONGEST_LOGIN
from app.villages import queries as villages
from app.web.api import Api, Ask, Door, Entered
from app.web.principals import COORDINATOR

api = Api("coordinators")


class PasswordIn(Shape):
    """`code` is the six digits that the authenticator shows."""

    login: Annotated[Text, Field(min_length=1, max_length=LONGEST_LOGIN)]
    password: Annotated[Text, Field(min_length=1, max_length=LONGEST)]
    code: Annotated[Text, Field(min_length=1, max_length=40)]


class SignedInAtDesk(Shape):
    signed_in: Literal[True] = True


class VillageIn(Shape):
    village_id: Id


class CoordinatorShape(Shape):
    id: str
    name: str
    login: str
    village: NamedShape
    is_operator: bool
    ended: bool


class CoordinatorsShape(Shape):
    coordinators: list[CoordinatorShape]
    villages: list[NamedShape]


@api.entrance("/sign_in/password", gives=SignedInAtDesk, takes=PasswordIn)
def sign_in(door: Door, body: PasswordIn) -> Entered:
    """Sign in at the desk by login, password and the authenticator's code."""
    return Entered(SignedInAtDesk(), COORDINATOR, credentials.sign_in(door, body.login, body.password, body.code))


@api.query("/desk/coordinators", COORDINATOR, gives=CoordinatorsShape)
def coordinators(ask: Ask) -> CoordinatorsShape:
    """List the coordinators of all villages; for operators."""
    credentials.check_operator(ask.session, ask.who)
    return CoordinatorsShape(
        coordinators=[
            CoordinatorShape(
                id=coordinator.id, name=coordinator.name, login=credential.login,
                village=NamedShape(id=village.id, name=village.name), is_operator=credential.is_operator,
                ended=credential.ended_at is not None,
            )
            for coordinator, village, credential in credentials.everybody(ask.session)
        ],
        villages=[NamedShape(id=village.id, name=village.name) for village in villages.villages(ask.session)],
    )  # fmt: skip


@api.command("POST", "/desk/village", COORDINATOR, gives=Nothing, takes=VillageIn)
def look_at_village(ask: Ask, body: VillageIn) -> Nothing:
    """Look at another village in this session; for operators."""
    credentials.look_at_village(ask.session, ask.who, body.village_id, ask.now)
    return Nothing()
