"""A write of which nobody heard may arrive yet: that is kept for the next run."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.add_column("intent", sa.Column("unheard_since", sa.Float, nullable=True))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("intent", "unheard_since")
