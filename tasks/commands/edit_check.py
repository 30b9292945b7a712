"""May Plex be written to in batches? On request it is tried, and said."""

from collections.abc import Iterator
from uuid import uuid4

from engine.edits import RATING_ONLY, limitations
from engine.errors import PlexbayesError, PlexRefused
from engine.planning.undo_plan import Selection
from tasks.commands.health import Finding
from tasks.commands.undo import undo
from tasks.config.settings import Settings
from tasks.runtime.context import RunContext, open_run
from tasks.sync.capability_probe import Probe, probe
from tasks.sync.integrity import ensure_record_current
from tasks.sync.plain_plans import plans_of
from tasks.sync.reader import read
from tasks.sync.reconcile import reconcile


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
    """Write a few ratings as a run would, and undo them; None if there are none."""
    if context.executor.capabilities == RATING_ONLY:
        return None
    snapshot = reconcile(context, read(context))
    ensure_record_current(context, snapshot)
    plans = [plan for own in plans_of(context, snapshot).values() for plan in own]
    try:
        return probe(context, snapshot.everything, plans)
    finally:
        left = undo(context, Selection(run=context.run_id)).failed
        if left:
            raise PlexRefused(f"{left} ratings are still there: run `plexbayes undo`.")
