"""Columns and tables have the names of what they hold; two that nobody uses go."""

from alembic import op

revision = "0008"
down_revision = "0007"

RENAMES = (
    ("intent RENAME COLUMN promised_at", "intended_at"),
    ("server RENAME COLUMN is_guarded", "has_conditional_edits"),
    ("straggler RENAME", "in_doubt"),
)


def upgrade() -> None:
    """Rename and drop."""
    for old, new in RENAMES:
        op.execute(f"ALTER TABLE {old} TO {new}")
    op.drop_index("ix_straggler_item", "in_doubt")
    op.create_index("ix_in_doubt_item", "in_doubt", ["library_id", "level", "guid"])
    op.drop_column("run", "glance")
    op.drop_column("run", "glances")
