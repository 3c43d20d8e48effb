"""Servers of the tests' own: PostgreSQL, Redis, ports. Each starts empty, ends with whoever started it."""

from tests.services.ports import free_port
from tests.services.postgres import PrivatePostgres
from tests.services.redis import PrivateRedis

__all__ = ["PrivatePostgres", "PrivateRedis", "free_port"]
