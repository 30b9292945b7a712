"""The shape of the tables: made whole at first, brought up to date step by step."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from engine.errors import ShadowUnreadable
from tasks.record.tables import Base

PRESENT = "0010"
"""The last step; what is of this shape is used without asking Alembic."""

_STEPS = str(Path(__file__).parent / "migrations").replace("%", "%%")


def revision_of(connection: Connection) -> str | None:
    """Return the shape that our tables have; None: there are none yet.

    Raises:
        ShadowUnreadable: The database holds somebody else's.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found is not None:
            return str(found)
    if set(tables) - {"alembic_version"}:
        raise ShadowUnreadable(
            "The database at STATE_URL holds other tables and none of plexbayes. "
            "Give plexbayes a database of its own."
        )
    return None


def create_tables(connection: Connection) -> None:
    """Make all tables in their present shape, unless another process just did."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (is slow)
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if revision_of(connection) is None:
        Base.metadata.create_all(connection)
        context = MigrationContext.configure(connection)
        context.stamp(ScriptDirectory(_STEPS), PRESENT)


def ensure_not_newer(revision: str) -> None:
    """Refuse tables of which this program knows nothing.

    Raises:
        ShadowUnreadable: A newer program made them.
    """
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (is slow)

    known = {step.revision for step in ScriptDirectory(_STEPS).walk_revisions()}
    if revision not in known:
        raise ShadowUnreadable(
            "The state database was written by a newer plexbayes "
            f"(schema {revision}). Upgrade plexbayes to use it."
        )


def upgrade(engine: Engine) -> None:
    """Bring the tables into their present shape, in one transaction."""
    from alembic import command  # noqa: PLC0415 (is slow, and rarely needed)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _STEPS)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
