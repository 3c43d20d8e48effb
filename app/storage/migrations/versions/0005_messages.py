"""Voice messages: families' keys, blobs, uploads, messages, renditions, hearings."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "family_key",
        _ref("family_key", "family_id", "family"), sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped_by", sa.String(16), nullable=False), _at("made_at"), _key("family_key", "family_id"),
    )  # fmt: skip
    op.create_table(
        "blob",
        _id(), _ref("blob", "family_id", "family"), sa.Column("length_bytes", sa.BigInteger(), nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False), _at("made_at"), _key("blob"),
    )  # fmt: skip
    op.create_index(op.f("ix_blob_family_id"), "blob", ["family_id"])
    _create_upload()
    _create_message()
    op.create_table(
        "rendition",
        _id(), _ref("rendition", "message_id", "message"), sa.Column("mime", sa.String(48), nullable=False),
        _ref("rendition", "blob_id", "blob"), _at("made_at"), _key("rendition"),
        sa.UniqueConstraint("message_id", "mime", name=op.f("uq_rendition_message_id_mime")),
    )  # fmt: skip
    op.create_table(
        "hearing",
        _id(), _ref("hearing", "message_id", "message"), sa.Column("device_id", sa.String(16), nullable=False),
        sa.Column("client_key", sa.String(64), nullable=False), sa.Column("by", sa.String(40), nullable=False),
        _at("heard_at"), _at("told_at"), _key("hearing"),
        sa.UniqueConstraint(
            "message_id", "device_id", "client_key", name=op.f("uq_hearing_message_id_device_id_client_key")
        ),
    )  # fmt: skip


def _create_upload() -> None:
    op.create_table(
        "upload",
        _id(), _ref("upload", "blob_id", "blob", True), _ref("upload", "family_id", "family"),
        sa.Column("principal", sa.String(40), nullable=False), sa.Column("client_key", sa.String(64), nullable=False),
        sa.Column("offset_bytes", sa.BigInteger(), nullable=False), sa.Column("wants", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(24), nullable=False), sa.Column("lock", sa.Integer(), nullable=False),
        _at("locked_until", True), _at("made_at"), _at("expires_at"), _key("upload"),
        sa.UniqueConstraint("principal", "client_key", name=op.f("uq_upload_principal_client_key")),
    )  # fmt: skip
    op.create_index(op.f("ix_upload_family_id"), "upload", ["family_id"])
    op.create_index(op.f("ix_upload_state_expires_at"), "upload", ["state", "expires_at"])


def _create_message() -> None:
    op.create_table(
        "message",
        _id(), _ref("message", "village_id", "village"), _ref("message", "family_id", "family"),
        _ref("message", "child_id", "person"), _ref("message", "contact_id", "person"),
        sa.Column("from_end", sa.String(24), nullable=False), sa.Column("by", sa.String(40), nullable=False),
        _ref("message", "upload_id", "upload", True), _ref("message", "blob_id", "blob", True),
        _ref("message", "photo_blob_id", "blob", True), sa.Column("mime", sa.String(48), nullable=False),
        sa.Column("duration_ms", sa.Integer()), sa.Column("peaks", sa.LargeBinary()),
        sa.Column("state", sa.String(24), nullable=False), sa.Column("reason", sa.String(32)),
        _at("recorded_at", True), _at("sent_at"), _at("deliver_at"), sa.Column("repeat", sa.String(24)),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("answers_id", sa.String(16)), _at("heard_at", True), _at("ended_at", True), _key("message"),
        sa.UniqueConstraint("upload_id", name=op.f("uq_message_upload_id")),
    )  # fmt: skip
    op.create_index(op.f("ix_message_family_id_deliver_at"), "message", ["family_id", "deliver_at"])
    op.create_index(op.f("ix_message_state_deliver_at"), "message", ["state", "deliver_at"])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(16), nullable=False)


def _at(name: str, optional: bool = False) -> "sa.Column[object]":
    return sa.Column(name, Instant(), nullable=optional)


def _ref(table: str, name: str, to: str, optional: bool = False) -> sa.Column[str]:
    foreign = sa.ForeignKey(f"{to}.id", name=op.f(f"fk_{table}_{name}"))
    return sa.Column(name, sa.String(16), foreign, nullable=optional)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))
