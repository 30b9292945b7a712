"""Getting a lost record back from our tag in Plex."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from engine.errors import SettingsInvalid
from engine.library import Level, Library
from engine.rating_scale import Floats, Ints, not_half_star, rounded, unreadable
from tasks.commands.adoption import adopt, adopt_and_tag, own_tags
from tasks.record.given import remember_odd_ratings
from tasks.record.plex_changes import note_dates
from tasks.runtime.context import RunContext
from tasks.sync.integrity import unexplained_ratings, unexplained_values
from tasks.sync.reconcile import LibrarySnapshot
from tasks.sync.record_lookup import resolve_renames
from tasks.sync.steps import plan_and_apply

NOTHING = np.empty(0, np.int64)


@dataclass
class Recovered:
    """What was taken back onto the record."""

    dry_run: bool
    recovered: int = 0
    """In a dry run: that would be."""
    known: int = 0
    """Tagged items that the record held already."""
    unrated: int = 0
    """Tagged items without a rating: nothing to recover."""
    by_value: int = 0
    """Recovered without a tag: they are no half stars. In a dry run: that could be."""
    values: list[str] = field(default_factory=list)
    """How many of those there are of each value."""
    doubtful: list[str] = field(default_factory=list)
    """Recovered, but on the half-star grid: perhaps a person changed them."""
    unreadable: list[str] = field(default_factory=list)
    """Tagged, but with a rating that cannot be read: left alone."""


@dataclass(frozen=True, eq=False)
class RecoverPlan:
    """What is to be recorded as ours, level by level."""

    library: Library
    by_value: Mapping[Level, Ints]
    """Rows of ratings that look like ours by their value alone."""
    adopts_values: bool | None
    """Whether they are ours; none: nobody said so."""
    redated: Mapping[Level, Ints]
    """Rows of ratings on record that have other dates since Plex was restored."""
    rated: Mapping[Level, Ints]
    """Rows of ratings that are not on record."""
    tagged: Mapping[Level, Ints]
    """The keys of items that only bear the tag."""
    predicted: Recovered
    """What becomes of it."""

    def apply(self, context: RunContext) -> Recovered:
        """Record it."""
        for level, rows in self.redated.items():
            items = self.library[level].take(rows)
            dates = zip(items.guid, items.rated_at.tolist(), strict=True)
            note_dates(context.store, level, dict(dates))
        for level, rows in self.rated.items():
            own_tags(context, level, self.tagged[level])
            adopt(context, self.library, level, rows)
        report = replace(self.predicted, dry_run=False)
        if self.adopts_values:
            for level, rows in self.by_value.items():
                adopt_and_tag(context, self.library, level, rows)
            return report
        if self.adopts_values is not None:
            remember_odd_ratings(context.store, theirs=True)
        return replace(report, by_value=0)


def recover(context: RunContext, *, by_value: bool | None = None) -> Recovered:
    """Rebuild the record from the tagged items, and perhaps from values alone.

    If Plex's database was restored from a backup, the ratings that stand in it as
    they are recorded stay ours with the dates that they have now.

    Args:
        context: What the command works with.
        by_value: Whether ratings without a tag that are no half stars are ours; if
            not, they are remembered as a person's; none: they stay as they are.

    Raises:
        SettingsInvalid: No tag is configured, and no value tells anything.
    """
    plan = partial(plan_recover, by_value=by_value)
    return plan_and_apply(context, plan, backs_up=False)


def plan_recover(
    context: RunContext, snapshot: LibrarySnapshot, *, by_value: bool | None = None
) -> RecoverPlan:
    """Find out what bears our tag, looks like ours, or has another date."""
    found = unexplained_ratings(context, snapshot)
    report = Recovered(dry_run=True)
    report.recovered = sum(map(len, found.redated.values()))
    library, rated, tagged = snapshot.library, {}, {}
    if context.settings.inferred_tag:
        for level in Level:
            changed = found.changed[level] if found.exceed_threshold else NOTHING
            rated[level], tagged[level] = _tagged(
                context, library, level, changed, report
            )
    values = {
        level: unexplained_values(context.store, snapshot, level) for level in Level
    }
    for level, rows in rated.items():
        values[level] = np.setdiff1d(values[level], rows)
    points = [library[level].rating[rows] for level, rows in values.items()]
    report.values = _histogram(np.concatenate(points))
    report.by_value = sum(map(len, values.values()))
    if not (rated or found.are_restored or report.by_value):
        raise SettingsInvalid(
            "INFERRED_TAG is empty, and no rating looks inferred by its value: nothing "
            "tells what to recover. Set it to the tag that was used, or restore the "
            "state database."
        )
    return RecoverPlan(library, values, by_value, found.redated, rated, tagged, report)


def _histogram(points: Floats) -> list[str]:
    """Say how often each value is there, in stars, most frequent ones first."""
    value, count = np.unique(rounded(points), return_counts=True)
    order = np.argsort(-count, kind="stable").tolist()
    return [f"{value[row] / 2:.4g} stars: {count[row]}" for row in order]


def _tagged(
    context: RunContext,
    library: Library,
    level: Level,
    changed: Ints,
    report: Recovered,
) -> tuple[Ints, Ints]:
    """Return the rows of rated and the keys of unrated items that bear our tag."""
    items = library.listed(level)
    record = resolve_renames(context.store, library, level).record
    recorded = np.array([guid in record.guids for guid in items.guid], np.bool_)
    recorded[changed] = False
    found = context.gateway.tagged(level, trusted=items.key[recorded])
    tagged = np.isin(items.key, found.key)
    odd = unreadable(items.rating)
    rated = ~np.isnan(items.rating)
    rows = np.flatnonzero(tagged & rated & ~recorded & ~odd)
    report.known += int((tagged & recorded).sum())
    report.unrated += int((tagged & ~rated & ~recorded).sum())
    report.recovered += len(set(items.guid[rows]))
    doubtful = rows[~not_half_star(items.rating[rows])]
    report.doubtful += [
        f"{items.named(level, row)}: {items.rating[row]:g}" for row in doubtful
    ]
    left = np.flatnonzero(tagged & ~recorded & odd).tolist()
    report.unreadable += [items.named(level, row) for row in left]
    return rows, items.key[tagged & ~rated & ~recorded]
