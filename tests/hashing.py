"""Argon2id is made to cost some 50 ms. In tests it costs nearly nothing, but where what it costs is tested.

Programs that a test starts hash as ever.
"""

from argon2 import PasswordHasher

from app.doors import passwords
from app.families import pins

REAL = {module: module._hasher for module in (passwords, pins)}


def hash_cheaply() -> None:
    """Once per process, before the first test."""
    for module in REAL:
        vars(module)["_hasher"] = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
