"""Questions that are asked again and again, made once, and in pieces."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Select, bindparam, select

from tasks.record.tables import Base

MOST_PARAMETERS = 500
"""Values in one IN list; every database allows 999."""

Value = TypeVar("Value")


@cache
def select_level(
    table: str, names: tuple[str, ...], *, some: bool
) -> Select[tuple[Any, ...]]:
    """Return what asks for the rows of a library's level, maybe only for some guids.

    Building it again takes SQLAlchemy longer than SQLite takes to answer.

    Args:
        table: Its name.
        names: The columns.
        some: Whether only `guids` are wanted, beside `library_id` and `level`.
    """
    columns = Base.metadata.tables[table].c
    wanted = select(*(columns[name] for name in names)).where(
        columns.library_id == bindparam("library_id"),
        columns.level == bindparam("level"),
    )
    if some:
        return wanted.where(columns.guid.in_(bindparam("guids", expanding=True)))
    return wanted


def pieces(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    """Yield values a few hundred at a time."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield values[start : start + MOST_PARAMETERS]
