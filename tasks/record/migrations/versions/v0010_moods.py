"""What moods an item had stays known until its tag was seen to leave them alone."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing is under way in a database of before."""
    op.add_column("mark", sa.Column("moods", sa.Text))
