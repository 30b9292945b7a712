"""What the hierarchical model learned is kept with its run."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the column."""
    op.add_column("run", sa.Column("fit", sa.Text))


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("run", "fit")
