"""When a terminal tested itself last, which of its parts failed, and which nobody tried."""

import sqlalchemy as sa
from alembic import op

from app.storage.types import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("terminal", sa.Column("tested_at", Instant()))
    op.add_column("terminal", sa.Column("failed_parts", sa.JSON()))
    op.add_column("terminal", sa.Column("untried_parts", sa.JSON()))
