"""Each rating of ours says how sure it was."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TABLES = ("shadow", "intent")
NUMBERS = ("sd", "low", "high", "good", "poor", "confidence")


def upgrade() -> None:
    """Add the columns; nothing is known of what was written before."""
    for table in TABLES:
        for name in NUMBERS:
            op.add_column(table, sa.Column(name, sa.Float))
        op.add_column(table, sa.Column("ratings", sa.Integer))


def downgrade() -> None:
    """Drop the columns."""
    for table in TABLES:
        for name in (*NUMBERS, "ratings"):
            op.drop_column(table, name)
