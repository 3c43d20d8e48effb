"""What every slice's shapes are made of: ids, texts and instants as they stand on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer


def _in_utc(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if instant.microsecond else instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def _representable(instant: datetime) -> datetime:
    if not 2000 <= instant.year <= 2200:
        raise ValueError("an instant of our times")
    return instant


InstantOut = Annotated[datetime, PlainSerializer(_in_utc, return_type=str)]
InstantIn = Annotated[AwareDatetime, AfterValidator(_representable)]
Id = Annotated[str, Field(pattern=r"^[0-9a-z]{1,16}$")]
Text = Annotated[str, Field(pattern=r"^[^\x00]*$")]  # PostgreSQL keeps no NUL


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(Shape):
    """No parameters."""
