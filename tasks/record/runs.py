"""The runs of a library: what each took as given, and what came of it."""

import json
from dataclasses import asdict

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select, update

from engine.classic import Constants
from engine.hierarchical.fitting import Fit
from tasks.record.store import ShadowStore
from tasks.record.tables import RunRow

KEPT = 200
"""Runs of a library that are remembered; older ones make way."""


def begin_run(
    store: ShadowStore,
    run_id: str,
    mean: float,
    constants: Constants,
    now: float,
    fit: Fit | None = None,
) -> tuple[float, Constants]:
    """Record a run, or find it if it was begun before; return what it takes as given.

    A retried run keeps to its first library mean (points) and constants, so that all
    its letters agree.
    """
    of_library = RunRow.library_id == store.library_id
    with store.database.writing() as session:
        begun = session.scalar(select(RunRow).where(of_library, RunRow.id == run_id))
        if begun is not None:
            return begun.mean, Constants(**json.loads(begun.constants))
        session.execute(
            insert(RunRow).values(
                library_id=store.library_id,
                id=run_id,
                started_at=now,
                mean=mean,
                constants=json.dumps(asdict(constants)),
                fit=fit and json.dumps(asdict(fit)),
            )
        )
        latest = select(RunRow.id).where(of_library).order_by(RunRow.started_at.desc())
        outdated = RunRow.id.in_(latest.offset(KEPT))
        session.execute(delete(RunRow).where(of_library, outdated))
    return mean, constants


def first_fit(store: ShadowStore, run_id: str) -> Fit | None:
    """Return the fit with which a run was begun; none: with the classic model."""
    here = RunRow.library_id == store.library_id, RunRow.id == run_id
    with store.database.reading() as session:
        begun = session.scalar(select(RunRow.fit).where(*here))
    if begun is None:
        return None
    return TypeAdapter(Fit).validate_python(json.loads(begun))


def finish_run(store: ShadowStore, run_id: str, summary: str, now: float) -> None:
    """Record what came of a run, as JSON."""
    here = RunRow.library_id == store.library_id, RunRow.id == run_id
    with store.database.writing() as session:
        finished = update(RunRow).where(*here)
        session.execute(finished.values(finished_at=now, summary=summary))
