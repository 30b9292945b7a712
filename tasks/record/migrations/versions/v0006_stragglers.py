"""A write that may arrive yet is kept apart from the intent, and outlives it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the table, and move what is known into it."""
    op.create_table(
        "straggler",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "library_id",
            sa.Integer,
            sa.ForeignKey("library.id"),
            nullable=False,
        ),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("guid", sa.String(255), nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("value", sa.Float, nullable=True),
        sa.Column("sent_at", sa.Float, nullable=False),
    )
    op.create_index("ix_straggler_item", "straggler", ["library_id", "level", "guid"])
    op.execute(
        "insert into straggler"
        " (library_id, level, guid, key, phase, run_id, value, sent_at)"
        " select library_id, level, guid, key, phase, run_id, after, unheard_since"
        " from intent where unheard_since is not null"
    )
    op.drop_column("intent", "unheard_since")


def downgrade() -> None:
    """Drop the table."""
    op.add_column("intent", sa.Column("unheard_since", sa.Float, nullable=True))
    op.drop_table("straggler")
