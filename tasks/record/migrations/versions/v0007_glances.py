"""What a library looked like when there was nothing to write is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("run", sa.Column("glance", sa.Text, nullable=True))
    op.add_column(
        "run", sa.Column("glances", sa.Integer, nullable=False, server_default="0")
    )


def downgrade() -> None:
    """Drop the columns."""
    op.drop_column("run", "glances")
    op.drop_column("run", "glance")
