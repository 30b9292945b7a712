"""The runs of a library: what each takes as given of itself and of its server."""

import json
from dataclasses import asdict

from pydantic import TypeAdapter
from sqlalchemy import delete, insert, select, update

from engine.classic import Constants
from engine.edits import Capabilities, EditMode
from engine.hierarchical.fitting import Fit
from engine.rating_scale import STEP
from tasks.record.store import ShadowStore
from tasks.record.tables import RunRow, ServerRow

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
    with store.writing() as connection:
        this = select(RunRow.mean, RunRow.constants).where(of_library)
        begun = connection.execute(this.where(RunRow.id == run_id)).one_or_none()
        if begun is not None:
            return begun.mean, Constants(**json.loads(begun.constants))
        connection.execute(
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
        connection.execute(delete(RunRow).where(of_library, outdated))
    return mean, constants


def drop_run(store: ShadowStore, run_id: str) -> None:
    """Drop a run that wrote nothing: it is not one of those that are remembered."""
    here = RunRow.library_id == store.library_id, RunRow.id == run_id
    with store.writing() as connection:
        connection.execute(delete(RunRow).where(*here))


def first_fit(store: ShadowStore, run_id: str) -> Fit | None:
    """Return the fit with which a run was begun; none: with the classic model."""
    here = RunRow.library_id == store.library_id, RunRow.id == run_id
    with store.database.reading() as connection:
        begun = connection.scalar(select(RunRow.fit).where(*here))
    if begun is None:
        return None
    return TypeAdapter(Fit).validate_python(json.loads(begun))


def finish_run(store: ShadowStore, run_id: str, summary: str, now: float) -> None:
    """Record what came of a run, as JSON."""
    here = RunRow.library_id == store.library_id, RunRow.id == run_id
    with store.writing() as connection:
        finished = update(RunRow).where(*here)
        connection.execute(finished.values(finished_at=now, summary=summary))


def latest_summary(store: ShadowStore, run_id: str) -> tuple[float, str] | None:
    """Return when the latest other run ended, epoch seconds, and its summary, JSON."""
    ended = RunRow.library_id == store.library_id, RunRow.summary.is_not(None)
    others = select(RunRow.finished_at, RunRow.summary).where(
        *ended, RunRow.id != run_id
    )
    with store.database.reading() as connection:
        latest = others.order_by(RunRow.finished_at.desc()).limit(1)
        found = connection.execute(latest).one_or_none()
    return None if found is None else (float(found[0] or 0), str(found[1]))


def known_capabilities(
    store: ShadowStore, server: str, version: str
) -> Capabilities | None:
    """Return what was found out about a server; None: nothing yet.

    What is known of another version of it, and what could not be tried whole, is
    better than nothing, and to be tried.
    """
    with store.database.reading() as connection:
        here = select(ServerRow).where(ServerRow.server == server)
        found = connection.execute(here).one_or_none()
    if found is None:
        return None
    is_other = found.version != version
    return Capabilities(
        rating=EditMode(found.rating),
        tagging=EditMode(found.tagging),
        has_conditional_edits=found.has_conditional_edits and not is_other,
        step=STEP if is_other else found.step or STEP,
        # Another version may round where this one did not, or the other way round.
        is_step_seen=found.step > 0 and not is_other,
        is_tagging_seen=not (is_other or found.is_assumed),
        is_assumed=is_other or found.is_assumed,
    )


def record_capabilities(
    store: ShadowStore, server: str, version: str, found: Capabilities
) -> None:
    """Record what was found out about a server; what was known of it is replaced."""
    facts = {
        "version": version,
        "rating": int(found.rating),
        "tagging": int(found.tagging),
        "has_conditional_edits": found.has_conditional_edits,
        "step": found.step if found.is_step_seen else 0.0,
        "is_assumed": found.is_assumed,
    }
    with store.writing() as connection:
        known = update(ServerRow).where(ServerRow.server == server)
        if not connection.execute(known.values(facts)).rowcount:
            connection.execute(insert(ServerRow).values(server=server, **facts))
