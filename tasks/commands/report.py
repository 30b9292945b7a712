"""The report of a library: all that is known of it, to be looked at."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engine.asking import seed_of
from engine.errors import PlexError
from engine.evidence import LibraryView
from engine.planning.plan import PhasePlan, RunParameters
from engine.playlists.preview import Playlist
from engine.rating_scale import same
from engine.reports.library_report import LibraryReport
from engine.reports.picture import Picture
from engine.reports.report_builder import About, report_of
from tasks.config.saved_backtest import read_backtest
from tasks.playlists.previews import previews
from tasks.record.runs import latest_summary
from tasks.runtime.context import RunContext, Step
from tasks.sync.reconcile import LibrarySnapshot, snapshot_of
from tasks.sync.steps import planned, read

AS_IT_IS = "As it is, and as a run would leave it: {} ratings to be written."


def report(context: RunContext, folder: Path) -> LibraryReport:
    """Return the report of a library as it is, and as a run would leave it.

    The last backtest is read from a folder of reports.
    """
    snapshot = snapshot_of(context, read(context))
    everything, found = snapshot.everything, planned(context, snapshot)
    plans = found.plans
    shown, notes = _playlists(context, snapshot, plans)
    about = replace(
        about_of(context, everything, folder),
        what=AS_IT_IS.format(sum(map(len, plans))),
        playlists=shown,
        notes=[*_last_run(context), *notes],
    )
    picture = Picture.of(everything, everything, plans)
    return report_of(picture, plans, found.parameters, about)


def _last_run(context: RunContext) -> list[str]:
    """Say what the last run did, if there was one; its own page shows it."""
    latest = latest_summary(context.store, "")
    if latest is None:
        return []
    ended, summary = latest[0], json.loads(latest[1])
    day = datetime.fromtimestamp(ended, UTC).astimezone()
    share = f"{summary.get('written', 0)} of {summary.get('planned', 0)}"
    return [f"The last run, on {day:%Y-%m-%d}, wrote {share} planned ratings."]


def report_of_run(
    context: RunContext,
    before: LibrarySnapshot,
    after: LibrarySnapshot,
    plans: Sequence[PhasePlan],
    parameters: RunParameters,
    about: About,
) -> LibraryReport:
    """Return the report of a run; a dry one leaves everything as it was before.

    Only a dry run asks Plex about playlists.
    """
    if context.is_live:
        picture = Picture.of(before.everything, after.everything)
        arrived = [_arrived(plan, after) for plan in plans]
        return report_of(picture, arrived, parameters, about)
    playlists, notes = _playlists(context, before, plans)
    about = replace(about, playlists=playlists, notes=(*about.notes, *notes))
    picture = Picture.of(before.everything, before.everything, plans)
    return report_of(picture, plans, parameters, about)


def _arrived(plan: PhasePlan, after: LibrarySnapshot) -> PhasePlan:
    """Return what of a plan is in Plex now."""
    view = after.everything[plan.phase.level]
    rows = view.items.rows_of(plan.key)
    there = np.flatnonzero(rows >= 0)
    return plan.take(there[same(view.ownership.ours[rows[there]], plan.after[there])])


def _playlists(
    context: RunContext, snapshot: LibrarySnapshot, plans: Sequence[PhasePlan]
) -> tuple[list[Playlist], list[str]]:
    """Return previews of playlists, or why there are none: a run goes on without."""
    try:
        return previews(context, snapshot, plans), []
    except PlexError as error:
        context.watch(Step(note=f"The playlists could not be read: {error}"))
        return [], ["The playlists could not be read."]


def about_of(context: RunContext, everything: LibraryView, folder: Path) -> About:
    """Return what a report says besides what is in the library."""
    identity, settings = context.gateway.identity, context.settings
    saved = read_backtest(folder, identity)
    return About(
        library=identity.title,
        is_planned=not context.is_live,
        date=f"{context.machine.date:%Y-%m-%d}",
        what="",
        tested=saved.tested(settings.model) if saved else None,
        right=saved.right(settings.model) if saved else None,
        seed=seed_of(identity.uuid, everything),
        filler=settings.filler,
    )
