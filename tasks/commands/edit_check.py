"""May Plex be written to in batches? On request it is tried, and said."""

from collections.abc import Iterator
from uuid import uuid4

from engine.capabilities import RATING_ONLY, limitations
from engine.classic import Phase
from engine.errors import PlexbayesError
from engine.evidence import split
from engine.planning.plan import PhasePlan, plan_part
from engine.planning.undo_plan import Selection
from tasks.commands.health import Finding
from tasks.commands.undo import undo
from tasks.config.settings import Settings
from tasks.runtime.context import RunContext, open_run
from tasks.sync.capability_probe import Probe, probe
from tasks.sync.reconcile import LibrarySnapshot, read_and_reconcile
from tasks.sync.run_parameters import parameters_of


def check_edits(settings: Settings) -> Iterator[Finding]:
    """Write the first batch that a run would write, and take it back."""
    subject = "edits"
    try:
        with open_run(settings, f"doctor-{uuid4()}", live=True) as context:
            found = _try_edits(context)
            able = context.executor.capabilities
    except PlexbayesError as error:
        yield Finding(subject, "error", str(error), "Try once more.")
        return
    for key in found.marred if found else ():
        said = f"Trying this out changed moods or locks of item {key} for good."
        yield Finding(subject, "warning", said, "Look at it in Plex.")
    for said in limitations(able):
        yield Finding(subject, "warning", said, "Runs go by it, only more slowly.")
    if found is None and able != RATING_ONLY:
        yield Finding(subject, "ok", "There is nothing to infer to try it on.")
    elif not limitations(able):
        spared = " and spares what you rate in that moment" * able.has_conditional_edits
        said = f"Plex takes ratings and tags in batches{spared}."
        yield Finding(subject, "ok", said)


def _try_edits(context: RunContext) -> Probe | None:
    """Write two ratings as a run would, and undo them; None if there are none."""
    if context.executor.capabilities == RATING_ONLY:
        return None
    snapshot = read_and_reconcile(context)
    found = probe(context, snapshot.everything, _plans(context, snapshot))
    undo(context, Selection(run=context.run_id))
    return found


def _plans(context: RunContext, snapshot: LibrarySnapshot) -> list[PhasePlan]:
    step = context.executor.capabilities.step
    parameters = parameters_of(context.settings, snapshot.everything, step)
    parts = split(snapshot.library, snapshot.everything).values()
    return [plan for part in parts for plan in plan_part(list(Phase), part, parameters)]
