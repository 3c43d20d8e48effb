"""What guardians signed on the desk's screen."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "signature",
        sa.Column("consent_id", sa.String(16), nullable=False), sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("signed_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_signature_consent_id")),
        sa.PrimaryKeyConstraint("consent_id", name=op.f("pk_signature")),
    )  # fmt: skip
