"""All tables, as the first released version found them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "library",
        sa.Column("id", sa.Integer, primary_key=True),
        *(_text(name) for name in ("server", "uuid", "account")),
        sa.Column("title", sa.Text, nullable=False),
        sa.UniqueConstraint("server", "uuid", "account"),
    )
    op.create_table(
        "server",
        sa.Column("server", sa.String(128), primary_key=True),
        _text("version"),
        sa.Column("rating", sa.Integer, nullable=False),
        sa.Column("tagging", sa.Integer, nullable=False),
        sa.Column("is_guarded", sa.Boolean, nullable=False),
        sa.Column("step", sa.Float, nullable=False),
    )
    _create_runs()
    _create_ratings()
    _create_marks()


def downgrade() -> None:
    """Drop the tables."""
    for table in ("lease", "mark", "straggler", "intent", "shadow", "run"):
        op.drop_table(table)
    op.drop_table("server")
    op.drop_table("library")


def _create_runs() -> None:
    op.create_table(
        "run",
        _library(),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("started_at", sa.Float, nullable=False),
        sa.Column("finished_at", sa.Float),
        sa.Column("mean", sa.Float, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("summary", "fit", "glance")),
        sa.Column("constants", sa.Text, nullable=False),
        sa.Column("glances", sa.Integer, nullable=False, server_default="0"),
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


def _create_ratings() -> None:
    op.create_table(
        "shadow",
        *_item(),
        sa.Column("value", sa.Float, nullable=False),
        sa.Column("written_at", sa.Float, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("fingerprint", sa.String(32), nullable=False),
        *_certainty(),
    )
    op.create_table(
        "intent",
        *_item(),
        sa.Column("before", sa.Float),
        sa.Column("after", sa.Float, nullable=False),
        sa.Column("promised_at", sa.Float, nullable=False),
        sa.Column("acknowledged_at", sa.Float),
        *_certainty(),
    )
    op.create_table(
        "straggler",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "library_id", sa.Integer, sa.ForeignKey("library.id"), nullable=False
        ),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("guid", sa.String(255), nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("phase", sa.Integer, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("sent_at", sa.Float, nullable=False),
    )
    op.create_index("ix_straggler_item", "straggler", ["library_id", "level", "guid"])


def _create_marks() -> None:
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


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.String(128), nullable=False)


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


def _certainty() -> "tuple[sa.Column[float] | sa.Column[int], ...]":
    names = ("sd", "low", "high", "good", "poor", "confidence")
    return (*(sa.Column(n, sa.Float) for n in names), sa.Column("ratings", sa.Integer))
