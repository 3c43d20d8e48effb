"""Media programs and what they hold, checks of a line, seats of guests and of a media program."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _extend_seats()
    op.create_table(
        "media_program",
        _id(), sa.Column("name", sa.String(64), nullable=False), sa.Column("sid", sa.String(64)), _at("seen_at"),
        _at("started_at"), *(sa.Column(name, sa.Integer(), nullable=False) for name in ("calls", "load_permille")),
        sa.Column("is_draining", sa.Boolean(), nullable=False), _key("media_program"),
        sa.UniqueConstraint("name", name=op.f("uq_media_program_name")),
    )  # fmt: skip
    _create_line_check()
    _create_lease()


def _extend_seats() -> None:
    with op.batch_alter_table("seat") as seat:
        seat.add_column(sa.Column("guest_id", sa.String(16), nullable=False, server_default=""))
        seat.add_column(sa.Column("serves", sa.String(24)))
        seat.drop_constraint(op.f("uq_seat_call_id_side"), type_="unique")
        seat.create_unique_constraint(op.f("uq_seat_call_id_side_guest_id"), ["call_id", "side", "guest_id"])


def _create_line_check() -> None:
    op.create_table(
        "line_check",
        _id(), sa.Column("occupant", sa.String(32), nullable=False),
        sa.Column("device_id", sa.String(16), nullable=False), sa.Column("sid", sa.String(64), nullable=False),
        sa.Column("page", sa.String(36), nullable=False), _ref("line_check", "terminal_id", "terminal"),
        _ref("line_check", "village_id", "village"), _at("made_at"), _at("ended_at", True),
        sa.Column("rung", sa.String(24)),
        *(sa.Column(name, sa.Integer()) for name in ("rtt_ms", "loss_permille", "up_kbps", "down_kbps")),
        sa.Column("level", sa.String(24)), _key("line_check"),
    )  # fmt: skip
    op.create_index(op.f("ix_line_check_sid"), "line_check", ["sid"])
    op.create_index(op.f("ix_line_check_occupant_made_at"), "line_check", ["occupant", "made_at"])
    op.create_index(op.f("ix_line_check_terminal_id_made_at"), "line_check", ["terminal_id", "made_at"])


def _create_lease() -> None:
    op.create_table(
        "media_lease",
        _id(), sa.Column("kind", sa.String(24), nullable=False), _ref("media_lease", "call_id", "call"),
        _ref("media_lease", "line_check_id", "line_check"), _ref("media_lease", "program_id", "media_program"),
        _at("made_at"), _at("leased_until"), _at("ended_at", True), _key("media_lease"),
    )  # fmt: skip
    op.create_index(op.f("ix_media_lease_program_id"), "media_lease", ["program_id"])
    _unique_where("media_lease", "uq_media_lease_open_of_call", ["call_id", "kind"], "ended_at IS NULL")
    _unique_where("media_lease", "uq_media_lease_open_of_line_check", ["line_check_id"], "ended_at IS NULL")


def _unique_where(table: str, name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(op.f(name), table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), nullable=False)


def _at(name: str, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=optional)


def _ref(table: str, name: str, to: str) -> sa.Column[str]:
    """Something that it may be of."""
    return sa.Column(name, sa.String(16), sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}")))


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))
