"""The region that a village's speech belongs to, and prompts of a village, a region or a standard language."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("village", sa.Column("region", sa.String(40), nullable=False, server_default=""))
    op.drop_table("prompt")  # no way led into it until now
    op.create_table(
        "prompt",
        sa.Column("id", sa.String(16), nullable=False), sa.Column("speech", sa.String(24), nullable=False),
        sa.Column("spoken_in", sa.String(64), nullable=False), sa.Column("village_id", sa.String(16)),
        sa.Column("key", sa.String(64), nullable=False), sa.Column("recording", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False), sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False), sa.Column("removed_at", Instant()),
        sa.ForeignKeyConstraint(["village_id"], ["village.id"], name=op.f("fk_prompt_village_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
        sa.UniqueConstraint("speech", "spoken_in", "key", name=op.f("uq_prompt_speech_spoken_in_key")),
    )  # fmt: skip
