"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "library",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("server", sa.String(128), nullable=False),
        sa.Column("uuid", sa.String(128), nullable=False),
        sa.Column("account", sa.String(128), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.UniqueConstraint("server", "uuid", "account"),
    )
    op.create_table(
        "run",
        _library(),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("mean", sa.Float, nullable=False),
        sa.Column("constants", sa.Text, nullable=False),
        sa.Column("summary", sa.Text),
    )
    op.create_table(
        "shadow",
        *_item(),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
    )
    op.create_table(
        "intent",
        *_item(),
        sa.Column("before", sa.Float),
        sa.Column("after", sa.Float, nullable=False),
        sa.Column("promised_at", sa.Float, nullable=False),
        sa.Column("acknowledged_at", sa.Float),
    )
    op.create_table(
        "mark",
        _library(),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("key", sa.BigInteger, primary_key=True),
        sa.Column("guid", sa.String(255), nullable=False, index=True),
        sa.Column("tag", sa.String(100), nullable=False),
        sa.Column("had_tag", sa.Boolean, nullable=False),
        sa.Column("mood_locked", sa.Boolean, nullable=False),
        sa.Column("rating_locked", sa.Boolean, nullable=False),
    )
    op.create_table(
        "lease",
        _library(),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("process", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("heartbeat", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("lease", "mark", "intent", "shadow", "run", "library"):
        op.drop_table(table)


def _library() -> "sa.Column[int]":
    key = sa.ForeignKey("library.id")
    return sa.Column("library_id", sa.Integer, key, primary_key=True)


def _item() -> "tuple[sa.Column[int] | sa.Column[str], ...]":
    return (
        _library(),
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("guid", sa.String(255), primary_key=True),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
    )
