"""Writes in doubt are intents; a server may be known in part."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

KEPT = "library_id, level, guid, key, phase, run_id, sd, low, high, ratings, good, poor"
INTENTS = f"""
INSERT INTO new_intent ({KEPT}, confidence, before, after, state, since)
SELECT {KEPT}, confidence, before, after,
    CASE WHEN acknowledged_at IS NULL THEN 0 ELSE 1 END,
    COALESCE(acknowledged_at, intended_at)
FROM intent
"""  # noqa: S608 (our own columns)
IN_DOUBT = """
INSERT INTO new_intent
    (library_id, level, guid, key, phase, run_id, after, state, since)
SELECT library_id, level, guid, key, phase, run_id, value, 2, sent_at
FROM in_doubt
"""


def upgrade() -> None:
    """Lay both tables together; what was found out of a server was all of it."""
    known = sa.Column(
        "is_assumed", sa.Boolean, nullable=False, server_default=sa.false()
    )
    op.add_column("server", known)
    op.create_table(
        "new_intent",
        sa.Column("id", sa.Integer, primary_key=True),
        _integer("library_id", sa.ForeignKey("library.id")),
        _integer("level"),
        sa.Column("guid", sa.String(255), nullable=False),
        sa.Column("key", sa.BigInteger, nullable=False),
        _integer("phase"),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("before", sa.Float),
        sa.Column("after", sa.Float),
        _integer("state"),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("sd", sa.Float),
        sa.Column("low", sa.Float),
        sa.Column("high", sa.Float),
        sa.Column("ratings", sa.Integer),
        sa.Column("good", sa.Float),
        sa.Column("poor", sa.Float),
        sa.Column("confidence", sa.Float),
    )
    op.execute(INTENTS)
    op.execute(IN_DOUBT)
    op.drop_table("intent")
    op.drop_table("in_doubt")
    op.rename_table("new_intent", "intent")
    op.create_index("ix_intent_item", "intent", ["library_id", "level", "guid"])


def _integer(name: str, *constraints: sa.ForeignKey) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, *constraints, nullable=False)
