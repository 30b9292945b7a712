"""Writing plans that were made elsewhere: letter by letter, as a run does."""

from collections.abc import Mapping, Sequence

import numpy as np

from engine.evidence import LibraryView, split
from engine.partition import in_order
from engine.planning.batch_sharing import Pool
from engine.planning.plan import PhasePlan
from engine.rating_scale import STEP
from tasks.runtime.context import RunContext
from tasks.sync.letter_writer import write_planned
from tasks.sync.reconcile import LibrarySnapshot, reconcile
from tasks.sync.steps import read, write_first_batch
from tasks.sync.tags import restore_lost_moods


def write_plans(
    context: RunContext,
    snapshot: LibrarySnapshot,
    plans: Sequence[PhasePlan],
    *,
    stood_there: bool = False,
) -> LibrarySnapshot:
    """Write plans of inferred ratings; return the library as it is afterwards.

    Nothing else changes: what persons took over stays as it is until the next run.
    What the server may round is left out, as it would pass for a person's; unless
    those very values `stood_there` before.
    """
    everything = snapshot.everything
    parts = split(snapshot.library, everything)
    if context.executor.capabilities.is_assumed:
        write_first_batch(context, everything, plans)
    if not stood_there:
        plans = [_kept_by_server(context, plan) for plan in plans]
    lettered = plans_by_letter(parts, plans)
    pool = Pool(lettered, tagged=context.tagged_at_once)
    with context.writer, context.timed():
        restore_lost_moods(context)
        for letter in lettered:
            write_planned(context, letter, everything, pool)
    return reconcile(context, read(context))


def plans_by_letter(
    parts: Mapping[str, LibraryView], plans: Sequence[PhasePlan]
) -> dict[str, list[PhasePlan]]:
    """Divide plans by the letters of their items; what is not there is left out."""
    found: dict[str, list[PhasePlan]] = {}
    for letter in in_order(parts):
        own = [_beneath(parts[letter], plan) for plan in plans]
        if any(map(len, own)):
            found[letter] = [plan for plan in own if len(plan)]
    return found


def _beneath(part: LibraryView, plan: PhasePlan) -> PhasePlan:
    rows = part[plan.phase.level].items.rows_of(plan.key)
    return plan.take(np.flatnonzero(rows >= 0))


def _kept_by_server(context: RunContext, plan: PhasePlan) -> PhasePlan:
    steps = plan.after / context.executor.capabilities.safe_step
    return plan.take(np.flatnonzero(np.abs(steps - np.rint(steps)) < STEP / 2))
