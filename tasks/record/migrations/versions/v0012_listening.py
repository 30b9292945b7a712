"""What was asked for, and the playlists that are ours."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """There were none before."""
    op.create_table(
        "asked",
        sa.Column(*_library(), primary_key=True),
        sa.Column("guid", sa.String(255), primary_key=True),
        sa.Column("since", sa.Float, nullable=False),
    )
    op.create_table(
        "playlist",
        sa.Column(*_library(), primary_key=True),
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("is_described", sa.Boolean, nullable=False),
    )


def _library() -> tuple[str, type[sa.Integer], sa.ForeignKey]:
    return "library_id", sa.Integer, sa.ForeignKey("library.id")
