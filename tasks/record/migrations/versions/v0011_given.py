"""Ratings that were written for a person, from a backup or a file of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """There were none before."""
    op.create_table(
        "given",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "library_id", sa.Integer, sa.ForeignKey("library.id"), nullable=False
        ),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("guid", sa.String(255), nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("before", sa.Float),
        sa.Column("was_ours", sa.Text),
        sa.Column("after", sa.Float),
        sa.Column("state", sa.Integer, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_index("ix_given_run", "given", ["library_id", "run_id"])
    theirs = sa.Column(
        "odd_are_theirs", sa.Boolean, nullable=False, server_default=sa.false()
    )
    op.add_column("library", theirs)
