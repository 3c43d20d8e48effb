"""Doors: codes, invitations, pairing, credentials, picture PINs, and what device sessions and calls need for them."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _add_columns()
    _create_doors()
    _create_the_rest()


def _add_columns() -> None:
    added = {
        "device_session": (
            sa.Column("label", sa.String(40)), sa.Column("opened_by", sa.String(16)),
            sa.Column("public_key", sa.String(200)), sa.Column("token_until", Instant()),
            sa.Column("previous_hash", sa.String(64)), sa.Column("previous_until", Instant()),
        ),
        "person": (sa.Column("phone_confirmed_at", Instant()),),
        "call": (sa.Column("rung_again_at", Instant()),),
        "seat": (sa.Column("name", sa.String(80)),),
        "notice": (sa.Column("number", sa.String(16)),),
    }  # fmt: skip
    for table, columns in added.items():
        for column in columns:
            op.add_column(table, column)
    op.create_index(op.f("ix_device_session_previous_hash"), "device_session", ["previous_hash"])


def _create_doors() -> None:
    op.create_table(
        "sign_in_code",
        _id(), _hash("challenge_hash"), sa.Column("number", sa.String(200), nullable=False), _hash("code_hash"),
        _at("asked_at"), _at("expires_at"), sa.Column("tries", sa.Integer(), nullable=False), _at("proved_at", True),
        _at("used_at", True), _hash("used_key", True), sa.Column("device_id", sa.String(16)),
        _key("sign_in_code"), _unique("sign_in_code", "challenge_hash"),
    )  # fmt: skip
    op.create_table(
        "invitation",
        _id(), _hash("code_hash"), _ref("invitation", "person_id", "person"),
        _ref("invitation", "village_id", "village"), _ref("invitation", "made_by", "coordinator"),
        sa.Column("channel", sa.String(8), nullable=False), _at("made_at"), _at("expires_at"), _at("used_at", True),
        _hash("used_key", True), sa.Column("device_id", sa.String(16)), _at("revoked_at", True),
        _key("invitation"), _unique("invitation", "code_hash"),
    )  # fmt: skip
    op.create_index(op.f("ix_invitation_person_id"), "invitation", ["person_id"])
    op.create_table(
        "number_proof",
        _ref("number_proof", "person_id", "person"), sa.Column("number", sa.String(16), nullable=False),
        _hash("code_hash"), _at("asked_at"), _at("expires_at"), sa.Column("tries", sa.Integer(), nullable=False),
        _key("number_proof", "person_id"),
    )  # fmt: skip
    op.create_table(
        "pairing",
        _id(), _hash("device_hash"), _hash("user_code_hash"), sa.Column("public_key", sa.String(200), nullable=False),
        _at("asked_at"), _at("expires_at"), _ref("pairing", "terminal_id", "terminal", True),
        _ref("pairing", "approved_by", "coordinator", True), _at("approved_at", True), _at("claimed_at", True),
        _key("pairing"), _unique("pairing", "device_hash"), _unique("pairing", "user_code_hash"),
    )  # fmt: skip
    op.create_table(
        "credential",
        _ref("credential", "coordinator_id", "coordinator"), sa.Column("login", sa.String(80), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False), sa.Column("totp", sa.String(200), nullable=False),
        sa.Column("totp_step", sa.Integer(), nullable=False), _hash("used_key", True),
        sa.Column("device_id", sa.String(16)), sa.Column("is_operator", sa.Boolean(), nullable=False),
        _at("changed_at"), _at("ended_at", True),
        _key("credential", "coordinator_id"), _unique("credential", "login"),
    )  # fmt: skip


def _create_the_rest() -> None:
    op.create_table(
        "picture_pin",
        _ref("picture_pin", "family_id", "family"), sa.Column("pin_hash", sa.String(200), nullable=False),
        _at("set_at"), sa.Column("tries", sa.Integer(), nullable=False), _at("locked_until", True),
        _at("blocked_at", True), _key("picture_pin", "family_id"),
    )  # fmt: skip
    op.create_table(
        "visit",
        sa.Column("device_id", sa.String(16), nullable=False), _ref("visit", "family_id", "family"), _at("until_at"),
        _key("visit", "device_id", "family_id"),
    )  # fmt: skip
    op.create_table(
        "tally",
        sa.Column("key", sa.String(100), nullable=False), _at("window_at"),
        sa.Column("count", sa.Integer(), nullable=False), _key("tally", "key", "window_at"),
    )  # fmt: skip


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), nullable=False)


def _hash(name: str, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=optional)


def _at(name: str, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=optional)


def _ref(table: str, name: str, to: str, optional: bool = False) -> sa.Column[str]:
    foreign = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.String(16), foreign, nullable=optional)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, column: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(column, name=op.f(f"uq_{table}_{column}"))
