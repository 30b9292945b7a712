"""The steps of a run, each of which can fail alone, and what they take as given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from engine.classic import Phase
from engine.errors import LibraryChanging
from engine.evidence import LibraryView, prior_mean, split
from engine.hierarchical.fitting import fit
from engine.library import Items, Level, Library, Oddity
from engine.partition import in_order, letter_of
from engine.planning.batch_sharing import Pool
from engine.planning.first_batch import foreseen_step
from engine.planning.plan import (
    PhasePlan,
    RunParameters,
    drift_tolerance,
    make_plan,
    plan_part,
)
from engine.planning.spread import with_spread
from engine.rating_scale import Ints
from engine.reports.run_report import LetterResult
from tasks.config.settings import Settings
from tasks.plex.client import PlexGateway
from tasks.plex.pagination import only_these
from tasks.plex.parsing import Listing, texts
from tasks.runtime.context import RunContext, Step
from tasks.runtime.runner import StepRun
from tasks.sync import capability_probe as probing
from tasks.sync import letter_writer as writing
from tasks.sync.hands_off import with_hands_off
from tasks.sync.integrity import is_explained
from tasks.sync.rating_backup import back_up_automatically
from tasks.sync.reconcile import LibrarySnapshot, reconcile, snapshot_of

MAX_NAMED = 3
"""How many of the items that were left out together are named."""


def read(context: RunContext) -> Library:
    """Read the library as it is now; a run that was stopped reads to the end."""
    if context.cancellation.is_cancelled:
        return with_hands_off(context, read_library(context.gateway))
    library = read_library(context.gateway, context.cancellation.checkpoint)
    return with_hands_off(context, library)


def read_library(
    gateway: PlexGateway, between: Callable[[], None] = lambda: None
) -> Library:
    """Read all artists, albums and tracks; `between` pages others may intervene.

    Items whose parent is not listed are read once more: if they are still without
    one, they are left out.

    Raises:
        LibraryChanging: The second reading differs from the first.
        PlexUnreachable: A listing did not arrive whole.
    """
    listings = {level: gateway.listing(level, between) for level in Level}
    library = _assembled(listings)
    for level, items in library.left_out.items():
        above = listings[Level(level - 1)].items
        _ensure_lasting(gateway, above, level, items, between)
    return library


def _assembled(listings: dict[Level, Listing]) -> Library:
    """Tie listings together: parents become rows instead of keys."""
    artists = listings[Level.ARTIST]
    kept, left_out = {Level.ARTIST: artists.items}, {}
    for level in (Level.ALBUM, Level.TRACK):
        items, above = listings[level].items, kept[Level(level - 1)]
        rows = above.rows_of(items.parent)
        inside, outside = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
        kept[level] = replace(items, parent=rows)
        if len(outside):
            kept[level] = kept[level].take(inside)
            left_out[level] = items.take(outside)
    oddities = [oddity for level in Level for oddity in listings[level].oddities]
    listed = {level: listing.items for level, listing in listings.items()}
    return Library(
        artists=artists.items,
        albums=kept[Level.ALBUM],
        tracks=kept[Level.TRACK],
        letter=texts([letter_of(title) for title in artists.sort_title]),
        left_out=left_out,
        oddities=(*oddities, *_why_left_out(listed, left_out)),
    )


def _missing(above: Items, items: Items) -> Ints:
    """Return the keys of parents that are named and not listed."""
    parents = np.unique(items.parent[items.parent >= 0])
    return parents[above.rows_of(parents) < 0]


def _ensure_lasting(
    gateway: PlexGateway,
    above: Items,
    level: Level,
    items: Items,
    between: Callable[[], None],
) -> None:
    """Read once more what was left out; fail if it has a parent now, or is gone."""
    missing = _missing(above, items)
    alone = items.key[items.parent < 0]
    is_new = False
    if len(missing):
        found = gateway.listing(Level(level - 1), between, only_these(missing))
        is_new = bool(np.isin(missing, found.items.key).any())
    if len(alone) and not is_new:
        now = gateway.listing(level, between, only_these(alone)).items
        is_new = not np.isin(alone, now.key[now.parent < 0]).all()
    if is_new:
        raise LibraryChanging(
            f"The library changed while it was read: {items.named(level, 0)} has "
            f"another {Level(level - 1).word} now."
        )


def _why_left_out(
    listed: Mapping[Level, Items], left_out: Mapping[Level, Items]
) -> list[Oddity]:
    """Say of each missing parent, and of each item without one, what it led to.

    What belongs to an item that was left out is not odd in itself.
    """
    oddities = []
    for level, items in left_out.items():
        parent = Level(level - 1).word
        below = left_out.get(Level(level + 1)) if level < Level.TRACK else None
        for row in np.flatnonzero(items.parent < 0).tolist():
            note = f"no {parent}, so it was left out{_with(below, items.key[[row]])}"
            oddities.append(Oddity(items.named(level, row), note))
        missing = _missing(listed[Level(level - 1)], items).tolist()
        oddities += [_unlisted(level, items, key, below) for key in missing]
    return oddities


def _unlisted(level: Level, items: Items, key: int, below: Items | None) -> Oddity:
    rows = np.flatnonzero(items.parent == key)
    names = [f"{items.title[row]!r} ({items.key[row]})" for row in rows[:MAX_NAMED]]
    if len(rows) > MAX_NAMED:
        names.append(f"{len(rows) - MAX_NAMED} more")
    is_one = len(rows) == 1
    return Oddity(
        "",
        f"{len(rows)} {level.word}{' has' if is_one else 's have'} an "
        f"{Level(level - 1).word} ({key}) that Plex did not list; "
        f"{'it was' if is_one else 'they were'} left out"
        f"{_with(below, items.key[rows])}: {', '.join(names)}",
    )


def _with(below: Items | None, keys: Ints) -> str:
    """Say how many items were left out because they belong to these."""
    count = 0 if below is None else int(np.isin(below.parent, keys).sum())
    return f" with {count} track{'s' if count > 1 else ''}" if count else ""


def write_first_batch(
    context: RunContext, everything: LibraryView, plans: Sequence[PhasePlan]
) -> probing.Probe | None:
    """Write a few ratings, and see how the server takes them."""
    with context.writer, context.timed():
        return probing.probe(context, everything, plans)


def plan_phase(
    letter: str,  # noqa: ARG001 (a result is kept by letter, phase and step)
    phase: Phase,
    step: float,  # noqa: ARG001 (likewise)
    part: LibraryView,
    earlier: Sequence[StepRun],
    parameters: RunParameters,
) -> PhasePlan:
    """Plan one phase of one letter, behind its earlier phases."""
    return make_plan(phase, part, [plan.result() for plan in earlier], parameters)


def write_letter(
    letter: str,
    context: RunContext,
    everything: LibraryView,
    part: LibraryView,
    pool: Pool,
) -> LetterResult:
    """Write what was planned for one letter."""
    return writing.write_letter(context, letter, everything, part, pool)


def parameters_of(
    settings: Settings, everything: LibraryView, finest: float
) -> RunParameters:
    """Return what a run that began now would take as given.

    `finest` is the least step in which the server keeps ratings, in points.
    """
    size = len(everything.tracks)
    parameters = RunParameters(
        mean=prior_mean(everything),
        tolerance=drift_tolerance(size, dynamic=settings.dynamic_precision),
        constants=settings.constants,
        fit=fit(everything) if settings.model == "hierarchical" else None,
        grid=settings.grid.coarser(finest),
        least=settings.min_confidence,
        respects_cleared=settings.respect_cleared,
    )
    return with_spread(everything, parameters, settings.spread)


@dataclass(frozen=True, eq=False)
class Planned:
    """What a run of the whole library would begin with."""

    parameters: RunParameters
    letters: Mapping[str, list[PhasePlan]]
    """The plans of each letter."""

    @property
    def plans(self) -> list[PhasePlan]:
        """The plans of all letters."""
        return [plan for own in self.letters.values() for plan in own]


def planned(context: RunContext, snapshot: LibrarySnapshot) -> Planned:
    """Plan a run of the whole library."""
    everything = snapshot.everything
    parts = split(snapshot.library, everything)

    def at(step: float) -> Planned:
        parameters = parameters_of(context.settings, everything, step)
        letters = {
            letter: plan_part(tuple(Phase), parts[letter], parameters)
            for letter in in_order(parts)
        }
        return Planned(parameters, letters)

    able = context.executor.capabilities
    found = at(able.step)
    step = foreseen_step(able, found.plans, everything)
    return found if step <= able.step else at(step)


def plans_of(
    context: RunContext, snapshot: LibrarySnapshot
) -> Mapping[str, list[PhasePlan]]:
    """Return the plans of each letter, as a run would begin with."""
    return planned(context, snapshot).letters


Report = TypeVar("Report")
Report_co = TypeVar("Report_co", covariant=True)


class Plan(Protocol[Report_co]):
    """What a command is about to change."""

    @property
    def predicted(self) -> Report_co:
        """What will have become of it, if nothing changes meanwhile."""

    def apply(self, context: RunContext) -> Report_co:
        """Change it, and return what became of it."""


def plan_and_apply(
    context: RunContext,
    plan: Callable[[RunContext, LibrarySnapshot], Plan[Report]],
    *,
    backs_up: bool = True,
) -> Report:
    """Read the library, plan, and apply the plan if the run is a live one.

    Safe to repeat: the plan is made from what is there then. If it `backs_up`, what a
    person rated is saved before, once a day; not while the record explains too little.
    """
    library = read(context)
    if not context.is_live:
        return plan(context, snapshot_of(context, library)).predicted
    snapshot = reconcile(context, library)
    planned = plan(context, snapshot)
    if backs_up and is_explained(context, snapshot):
        context.watch(Step(note=back_up_automatically(context, snapshot)))
    return planned.apply(context)
