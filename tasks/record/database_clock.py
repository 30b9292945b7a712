"""The one clock that all machines share: that of the database."""

from sqlalchemy import Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class now(FunctionElement[float]):  # noqa: N801 (it reads like the SQL function it is)
    """The database's time, epoch seconds; a SQLite file has that of its machine."""

    type = Float()
    inherit_cache = True


@compiles(now)
def _elsewhere(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "EXTRACT(EPOCH FROM CURRENT_TIMESTAMP)"


@compiles(now, "postgresql")
def _in_postgresql(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    # Not that of the transaction's beginning: it may have waited since.
    return "EXTRACT(EPOCH FROM clock_timestamp())"


@compiles(now, "mysql", "mariadb")
def _in_mysql(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "UNIX_TIMESTAMP(SYSDATE(6))"


@compiles(now, "sqlite")
def _in_sqlite(_element: now, _compiler: SQLCompiler, **_: object) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"
