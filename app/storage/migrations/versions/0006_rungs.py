"""Rungs of calls, proposed by seats, kept with samples and calls; bytes of each side; what a megabyte costs whom."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _extend("seat", sa.Column("rung", sa.String(24)), _count("rung_changes"))
    _extend("seat", sa.Column("is_rung_held", sa.Boolean(), nullable=False, server_default=sa.false()))
    _extend(
        "seat", *(_bytes(name) for name in ("sent_bytes", "received_bytes", "last_sent_bytes", "last_received_bytes"))
    )
    _extend("link_sample", sa.Column("rung", sa.String(24)))
    _extend("link_sample", *(sa.Column(name, sa.Integer()) for name in ("jitter_ms", "concealed_permille")))
    _extend("call", sa.Column("link_kbps", sa.Integer()), sa.Column("link_rung", sa.String(24)))
    _extend("call", *(sa.Column(name, sa.JSON()) for name in ("rung_seconds", "rung_reasons")))
    _extend("call", *(sa.Column(name, sa.BigInteger()) for name in ("parent_bytes", "village_bytes")))
    _extend("person", sa.Column("mb_price_milli", sa.Float()), sa.Column("mb_currency", sa.String(3)))


def _extend(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def _bytes(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
