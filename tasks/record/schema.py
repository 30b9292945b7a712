"""The shape of the tables: made whole at first, brought up to date step by step."""

from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, inspect, text

from engine.errors import ShadowUnreadable
from tasks.record.tables import Base

PRESENT = "0010"
"""The last step; what is of this shape is used without asking Alembic."""

Shape = Literal["missing", "empty", "older", "current", "newer", "foreign"]
"""Missing or empty: a live run begins it; older: the next run migrates it;
newer or foreign: it cannot be used."""

_STEPS = str(Path(__file__).parent / "migrations").replace("%", "%%")


def shape_of(connection: Connection) -> tuple[Shape, str]:
    """Return the shape of a database's tables, and the step that they are at."""
    tables = set(inspect(connection).get_table_names())
    step = None
    if "alembic_version" in tables:
        step = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if step is None:
        return ("foreign" if tables - {"alembic_version"} else "empty"), ""
    if step == PRESENT:
        return "current", step
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (is slow)

    known = {one.revision for one in ScriptDirectory(_STEPS).walk_revisions()}
    return ("older" if step in known else "newer"), step


def usable_shape_of(connection: Connection) -> Shape:
    """Return the shape of our tables; refuse those of others and of newer programs."""
    shape, step = shape_of(connection)
    if shape == "foreign":
        raise ShadowUnreadable(
            "The database at STATE_URL holds other tables and none of plexbayes. "
            "Give plexbayes a database of its own."
        )
    if shape == "newer":
        raise ShadowUnreadable(
            "The state database was written by a newer plexbayes "
            f"(schema {step}). Upgrade plexbayes to use it."
        )
    return shape


def create_tables(connection: Connection) -> None:
    """Make all tables in their present shape, unless another process just did."""
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415 (is slow)
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    if usable_shape_of(connection) == "empty":
        Base.metadata.create_all(connection)
        context = MigrationContext.configure(connection)
        context.stamp(ScriptDirectory(_STEPS), PRESENT)


def upgrade(engine: Engine) -> None:
    """Bring the tables into their present shape, in one transaction."""
    from alembic import command  # noqa: PLC0415 (is slow, and rarely needed)
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", _STEPS)
    with engine.execution_options(writes=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
