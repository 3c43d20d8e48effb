"""What parents call themselves, in their own voices, for the terminals that ring for them."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "recorded_name",
        sa.Column("id", sa.String(16), nullable=False), sa.Column("person_id", sa.String(16), nullable=False),
        sa.Column("recording", sa.LargeBinary(), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False), sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recorded_name_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recorded_name")),
        sa.UniqueConstraint("person_id", name=op.f("uq_recorded_name_person_id")),
    )  # fmt: skip
