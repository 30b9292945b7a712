"""Runs that had nothing to write: what the library and the record looked like then."""

from dataclasses import dataclass

from sqlalchemy import func, select, update

from tasks.shadow.store import ShadowStore
from tasks.shadow.tables import IntentRow, RunRow, ShadowRow, StragglerRow


@dataclass(frozen=True)
class Quiet:
    """The latest run, if there was nothing to write in it."""

    run_id: str
    glance: str
    """What the library looked like, JSON."""
    glances: int
    """Runs since that were content with a glance."""
    finished_at: float
    summary: str
    """What came of it, JSON."""


def latest_quiet(store: ShadowStore) -> Quiet | None:
    """Return the latest run if there was nothing to write in it."""
    wanted = (
        select(RunRow)
        .where(RunRow.library_id == store.library_id)
        .order_by(RunRow.started_at.desc())
        .limit(1)
    )
    with store.database.reading() as session:
        run = session.scalar(wanted)
    if run is None or not (run.glance and run.summary and run.finished_at):
        return None
    return Quiet(run.id, run.glance, run.glances or 0, run.finished_at, run.summary)


def keep_glance(store: ShadowStore, run_id: str, glance: str, glances: int = 0) -> None:
    """Keep what a library looked like when a run had nothing to write.

    Args:
        store: The record.
        run_id: Of that run.
        glance: JSON.
        glances: How many runs were content with it since.
    """
    with store.database.writing() as session:
        session.execute(
            update(RunRow)
            .where(RunRow.library_id == store.library_id, RunRow.id == run_id)
            .values(glance=glance, glances=glances)
        )


def state_of_record(store: ShadowStore) -> tuple[int, float, float] | None:
    """Return what changes whenever the record does; none while writes are open."""
    here = ShadowRow.library_id == store.library_id
    total = select(
        func.count(),
        func.coalesce(func.sum(ShadowRow.value), 0),
        func.coalesce(func.max(ShadowRow.written_at), 0),
    ).where(here)
    with store.database.reading() as session:
        for table in (IntentRow, StragglerRow):
            is_open = select(table.key).where(table.library_id == store.library_id)
            if session.scalar(is_open.limit(1)) is not None:
                return None
        count, value, latest = session.execute(total).one()
    return int(count), round(float(value), 2), float(latest)
