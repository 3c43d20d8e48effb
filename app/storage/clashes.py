"""Which errors of a database pass by themselves: another transaction was in the way, and trying again helps."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.storage.database import Database

CLASHES_BORNE = 5
Result = TypeVar("Result")

# serialization failure, deadlock, lock not to be had in time
PASSING_STATES = {"40001", "40P01", "55P03"}
PASSING_CODES = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def is_clash(error: DBAPIError) -> bool:
    """Whether the transaction was rolled back for another one's sake."""
    if isinstance(error.orig, sqlite3.Error):
        code: int = getattr(error.orig, "sqlite_errorcode", 0)
        return code & 0xFF in PASSING_CODES  # the rest of the number says which kind of busy
    return getattr(error.orig, "sqlstate", None) in PASSING_STATES


def in_one(database: Database, work: Callable[[Session], Result]) -> Result:
    """Do some work in one transaction, repeated at once when another one was in its way."""
    for _ in range(CLASHES_BORNE):
        try:
            with database.begin() as session:
                return work(session)
        except DBAPIError as error:
            if not is_clash(error):
                raise
    with database.begin() as session:
        return work(session)
