"""Applying a saved plan: exactly what it says, item by item, and nothing beyond it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np

from engine.classic import Phase
from engine.errors import UsageError
from engine.evidence import LevelView
from engine.ownership import Owner
from engine.planning.plan import PhasePlan
from engine.rating_scale import equal, same
from tasks.runtime.context import RunContext, Step
from tasks.sync.integrity import ensure_record_current
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.saved_plans import SavedChange, SavedPlan, phases_of, read_plan
from tasks.sync.steps import plan_and_apply
from tasks.sync.write_plans import write_plans

NOT_TO_BE_RATED = (Owner.PERSON, Owner.TAKEN_OVER, Owner.UNREAD)


@dataclass
class Applied:
    """What became of a saved plan."""

    dry_run: bool
    run_id: str = ""
    """By what name `undo --run` takes it back; empty: nothing was written."""
    written: int = 0
    """In a dry run: that would be."""
    already_there: int = 0
    """As the plan says: applied before."""
    changed_since: list[str] = field(default_factory=list)
    """Rated or changed since the plan was made: left alone."""
    gone: list[str] = field(default_factory=list)
    """No longer in the library."""
    left_alone: list[str] = field(default_factory=list)
    """Nothing is to be inferred for them, as EXCLUDE_* says."""
    failed: list[str] = field(default_factory=list)
    """Not there: Plex does not show it, or would have rounded it."""
    not_understood: list[str] = field(default_factory=list)
    """Changes that no plan of ours can hold."""


@dataclass(frozen=True, eq=False)
class ApplyPlan:
    """What of a saved plan may still be written."""

    snapshot: LibrarySnapshot
    plans: Sequence[PhasePlan]
    predicted: Applied
    """What becomes of it if nothing changes meanwhile."""

    def apply(self, context: RunContext) -> Applied:
        """Write it; what has changed since is left alone."""
        report = replace(self.predicted, dry_run=False, run_id=context.run_id)
        if not any(map(len, self.plans)):
            return replace(report, run_id="")
        context.watch(Step(total=sum(map(len, self.plans))))
        after = write_plans(context, self.snapshot, self.plans)
        report.written = 0
        for plan in self.plans:
            _note(after, plan, report)
        return report


def _note(after: LibrarySnapshot, plan: PhasePlan, report: Applied) -> None:
    """Note which ratings of a plan stand in Plex as ours now."""
    level = plan.phase.level
    view = after.everything[level]
    for row, key, points in zip(
        view.items.rows_of(plan.key).tolist(),
        plan.key.tolist(),
        plan.after.tolist(),
        strict=True,
    ):
        name = view.items.named(level, row) if row >= 0 else f"{level.word} {key}"
        if row < 0:
            report.gone.append(name)
        elif view.ownership.owner[row] in NOT_TO_BE_RATED:
            report.changed_since.append(name)
        elif equal(view.ownership.ours[[row]], points)[0]:
            report.written += 1
        else:
            report.failed.append(name)


def apply(context: RunContext, path: Path) -> Applied:
    """Write what a saved plan says. Safe to repeat: it is written once.

    Raises:
        UsageError: The file is no saved plan, or is of another library.
    """
    saved = read_plan(path)
    here = context.gateway.identity
    if (saved.server, saved.uuid, saved.account) != (
        *(here.server, here.uuid, here.account),
    ):
        raise UsageError(
            f"{path} was made for another library, server or account: for "
            f"{saved.library!r} ({saved.uuid}), and this is {here.title!r} "
            f"({here.uuid}). Make a new plan with `plexbayes infer --save-plan`."
        )
    return plan_and_apply(context, partial(plan_apply, saved=saved))


def plan_apply(
    context: RunContext, snapshot: LibrarySnapshot, saved: SavedPlan
) -> ApplyPlan:
    """Find out what of a saved plan may still be written.

    Raises:
        RecordOutdated: Guesses would pass for a person's ratings.
    """
    ensure_record_current(context, snapshot)
    changes, wrong = saved.understood()
    report = Applied(dry_run=True, not_understood=wrong)
    plans = [
        _plan(snapshot.everything[phase.level], phase, own, report)
        for phase, own in phases_of(changes).items()
    ]
    report.written = sum(map(len, plans))
    return ApplyPlan(snapshot, plans, report)


def _plan(
    view: LevelView, phase: Phase, changes: Sequence[SavedChange], report: Applied
) -> PhasePlan:
    """Return what of one phase may still be written."""
    keys = np.array([change.key for change in changes], np.int64)
    rows = view.items.rows_of(keys).tolist()
    chosen: dict[int, SavedChange] = {}
    for row, change in zip(rows, changes, strict=True):
        if row < 0 or view.items.guid[row] != change.guid:
            report.gone.append(change.item or f"{phase.level.word} {change.key}")
        elif _may_be_written(view, row, change, report):
            chosen.setdefault(row, change)
    return _plan_of(view, phase, chosen)


def _may_be_written(
    view: LevelView, row: int, change: SavedChange, report: Applied
) -> bool:
    """Note why a change must not be made any more; return whether it may be."""
    ownership, name = view.ownership, change.item or str(change.key)
    ours = ownership.ours[[row]]
    before = np.nan if change.before is None else change.before
    is_off = view.hands_off is not None and bool(view.hands_off[row])
    if ownership.owner[row] in NOT_TO_BE_RATED:
        report.changed_since.append(name)
    elif is_off:
        report.left_alone.append(name)
    elif equal(ours, change.after)[0]:
        report.already_there += 1
    elif not same(ours, np.array([before]))[0]:
        report.changed_since.append(name)
    else:
        return True
    return False


def _plan_of(
    view: LevelView, phase: Phase, chosen: Mapping[int, SavedChange]
) -> PhasePlan:
    rows = np.array(sorted(chosen), np.int64)
    known = [chosen[row].model_dump() for row in rows.tolist()]
    known = [one | {"value": one["after"]} for one in known]
    ours = view.ownership.ours[rows]
    return PhasePlan.as_recorded(phase, view.items, rows, ours, known)
