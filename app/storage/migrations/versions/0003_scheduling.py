"""Scheduling: series, availability, rosters, waits, calendar feeds, and what calls need for them."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("member", sa.Column("joined_at", Instant()))
    op.add_column("village", sa.Column("promise_days", sa.Integer(), nullable=False, server_default="7"))
    _create_availability()
    _create_series()
    _extend_calls()
    _create_roster()
    op.create_table(
        "wait",
        _id(), _ref("wait", "village_id", "village"), *_pair("wait"),
        sa.Column("made_by", sa.String(32), nullable=False), _at("since"), _at("ended_at", True),
        _key("wait"),
    )  # fmt: skip
    op.create_index(op.f("ix_wait_village_id"), "wait", ["village_id"])
    _unique_where("wait", "uq_wait_open", ["child_id", "parent_id"], "ended_at IS NULL")
    op.create_table(
        "calendar_feed",
        _id(), _ref("calendar_feed", "person_id", "person"), sa.Column("secret_hash", sa.String(64), nullable=False),
        _at("made_at"), _at("read_at", True), _at("revoked_at", True), _key("calendar_feed"),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_calendar_feed_secret_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_calendar_feed_person_id"), "calendar_feed", ["person_id"])


def _create_availability() -> None:
    op.create_table(
        "availability",
        _id(), _ref("availability", "person_id", "person"), sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("occupation", sa.String(24), nullable=False), sa.Column("is_free", sa.Boolean(), nullable=False),
        sa.Column("from_day", sa.Date()), sa.Column("until_day", sa.Date()),
        sa.Column("detail", sa.JSON(), nullable=False), sa.Column("note", sa.String(80)),
        sa.Column("made_by", sa.String(32), nullable=False), _at("made_at"), _at("ended_at", True),
        _key("availability"),
    )  # fmt: skip
    op.create_index(op.f("ix_availability_person_id"), "availability", ["person_id"])


def _create_series() -> None:
    op.create_table(
        "series",
        _id(), _ref("series", "village_id", "village"), *_pair("series"),
        sa.Column("starts_on", sa.Date(), nullable=False), sa.Column("starts_minute", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(48), nullable=False), sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(200), nullable=False), sa.Column("exceptions", sa.JSON(), nullable=False),
        sa.Column("gaps", sa.JSON(), nullable=False), sa.Column("made_until", sa.Date()),
        _ref("series", "follows_id", "series", True), sa.Column("made_by", sa.String(32), nullable=False),
        _at("made_at"), _at("ended_at", True), sa.Column("reason", sa.String(40)), _key("series"),
    )  # fmt: skip
    for column in ("village_id", "family_id"):
        op.create_index(op.f(f"ix_series_{column}"), "series", [column])


def _extend_calls() -> None:
    added: tuple[sa.Column[object], ...] = (
        sa.Column("origin", sa.String(24), nullable=False, server_default="asked"), sa.Column("occurs_on", sa.Date()),
        sa.Column("confirm_by", Instant()), sa.Column("root_id", sa.String(16)),
        sa.Column("moves", sa.Integer(), nullable=False, server_default="0"), sa.Column("link_rtt_ms", sa.Integer()),
        sa.Column("link_loss_permille", sa.Integer()),
    )  # fmt: skip
    for column in added:
        op.add_column("call", column)
    # In place, as SQLite can: the table is not written anew while others refer to it.
    op.add_column("call", _ref("call", "series_id", "series", True), inline_references=True)
    heard = ["village_id", "outcome", "child_id", "ended_at"]
    op.create_index(op.f("ix_call_village_id_outcome_child_id_ended_at"), "call", heard)
    standing = "outcome IS NULL OR outcome NOT IN ('cancelled', 'moved')"
    _unique_where("call", "uq_call_series_id_occurs_on", ["series_id", "occurs_on"], standing)
    _unique_where("call", "uq_call_open_offer", ["family_id"], "origin = 'wait' AND state = 'proposed'")


def _create_roster() -> None:
    op.create_table(
        "roster",
        _id(), _ref("roster", "village_id", "village"), sa.Column("week", sa.Date(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False), sa.Column("progress", sa.String(24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False), sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False), sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(32), nullable=False), _at("made_at"),
        sa.Column("changed_by", sa.String(32), nullable=False), _at("changed_at"), _at("published_at", True),
        _key("roster"),
    )  # fmt: skip
    _unique_where("roster", "uq_roster_draft", ["village_id", "week"], "state = 'draft'")
    op.create_table(
        "assignment",
        _id(), _ref("assignment", "roster_id", "roster"), *_pair("assignment"),
        sa.Column("place", sa.Integer(), nullable=False), _ref("assignment", "terminal_id", "terminal", True),
        _at("starts_at", True), sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False), sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        _ref("assignment", "call_id", "call", True), _key("assignment"),
    )  # fmt: skip
    op.create_index(op.f("ix_assignment_roster_id"), "assignment", ["roster_id"])


def _unique_where(table: str, name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(op.f(name), table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _pair(table: str) -> tuple[sa.Column[str], ...]:
    return (
        _ref(table, "family_id", "family"), _ref(table, "child_id", "person"), _ref(table, "parent_id", "person"),
    )  # fmt: skip


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), nullable=False)


def _at(name: str, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=optional)


def _ref(table: str, name: str, to: str, optional: bool = False) -> sa.Column[str]:
    foreign = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.String(16), foreign, nullable=optional)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))
