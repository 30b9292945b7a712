"""What a server can be trusted with is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "server",
        sa.Column("server", sa.String(128), primary_key=True),
        sa.Column("version", sa.String(128), nullable=False),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("tagging", sa.Integer, nullable=False),
        sa.Column("is_guarded", sa.Boolean, nullable=False),
        sa.Column("step", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("server")
