"""Requests of parents for the other parent of their child."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "parent_request",
        sa.Column("id", sa.String(16), nullable=False), sa.Column("family_id", sa.String(16), nullable=False),
        sa.Column("asked_by", sa.String(16), nullable=False), sa.Column("name", sa.String(80), nullable=False),
        sa.Column("number", sa.String(16), nullable=False), sa.Column("kinship", sa.String(24), nullable=False),
        sa.Column("language", sa.String(16), nullable=False), sa.Column("note", sa.String(200)),
        sa.Column("state", sa.String(24), nullable=False), sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant()), sa.Column("reason", sa.String(200)), sa.Column("person_id", sa.String(16)),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_parent_request_family_id")),
        sa.ForeignKeyConstraint(["asked_by"], ["person.id"], name=op.f("fk_parent_request_asked_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_parent_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parent_request")),
    )  # fmt: skip
    op.create_index(op.f("ix_parent_request_asked_by"), "parent_request", ["asked_by"])
    op.create_index(
        "uq_parent_request_open", "parent_request", ["family_id", "number"], unique=True,
        sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"),
    )  # fmt: skip
