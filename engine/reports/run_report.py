"""What a run did, as values; points become stars only where they are shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.classic import Phase
from engine.errors import PlexbayesError
from engine.evidence import LibraryView
from engine.library import Level
from engine.ownership import Owner
from engine.planning.plan import PhasePlan, held_after
from engine.rating_scale import Floats, Texts
from engine.reports.confidence import Sureness, mean_of, sureness_of

LISTED, NAMED = 10, 3
"""How many odd items a report holds, and how many of them a sentence names."""

RANKED = 10
"""How many artists the report names at either end."""


@dataclass(frozen=True)
class Ranked:
    """One line of the power rankings: an artist or an album; ratings in points."""

    name: str
    rating: float
    albums: int
    rated_tracks: int
    """Tracks that a person rated."""
    is_manual: bool
    """Whether a person rated it."""


@dataclass
class PhaseCount:
    """What one phase did, in one letter or in all."""

    planned: int = 0
    """Ratings to be written."""
    written: int = 0
    """Ratings seen in Plex afterwards."""
    kept_by_drift: int = 0
    """Ratings of ours that moved too little to be rewritten."""
    cleared: int = 0
    """Ratings of ours that a person had removed, and that are given again."""

    def add(self, other: "PhaseCount") -> None:
        """Add other counts."""
        self.planned += other.planned
        self.written += other.written
        self.kept_by_drift += other.kept_by_drift
        self.cleared += other.cleared


@dataclass
class LetterResult:
    """What became of the plans of one letter."""

    written: int = 0
    """Ratings that Plex accepted, or had accepted in an earlier attempt."""
    released: int = 0
    """Ratings of ours that a person had taken over; they are theirs now."""
    taken_back: int = 0
    """Ratings of ours of items that a person wants left alone; removed."""
    taken_over: int = 0
    """Planned ratings that a person gave meanwhile; left alone."""
    gone: int = 0
    """Planned items that are no longer there."""

    @property
    def changes_ours(self) -> bool:
        """Whether ratings of ours are given up or removed, besides what is planned."""
        return bool(self.released or self.taken_back)


@dataclass
class Outcome:
    """All that came of the letters of a run."""

    plans: dict[str, list[PhasePlan]] = field(default_factory=dict)
    results: dict[str, LetterResult] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    """Why a letter was not finished."""
    seen: dict[tuple[str, Phase], int] = field(default_factory=dict)
    """Ratings of this run that were seen in Plex afterwards."""


@dataclass(kw_only=True)
class Summary(PhaseCount):
    """All that a run reports; ratings in points."""

    run_id: str
    library: str
    dry_run: bool
    artists: int
    albums: int
    tracks: int
    manual_tracks: int
    drift_tolerance: float
    prior_before: float
    """The library mean of manual track ratings when the run began."""
    prior_after: float
    settings: dict[str, object] = field(default_factory=dict)
    """Those on which inferred ratings depend, by key."""
    mean_before: float | None = None
    """The mean of all track ratings, inferred ones included; none: no rating."""
    mean_after: float | None = None
    taken_over: int = 0
    """Ratings of ours that persons changed; they are theirs now."""
    taken_back: int = 0
    """Ratings of ours that were removed, as a person wants those items left alone."""
    gone: int = 0
    """Planned items that had disappeared when they were to be written."""
    failed: int = 0
    """Planned ratings that did not arrive."""
    not_understood: int = 0
    """Items that Plex listed in a way that could not be understood: they were left out,
    or what was odd counts as unknown."""
    not_understood_items: list[str] = field(default_factory=list)
    """The first few of them, and what was odd."""
    failed_letters: dict[str, str] = field(default_factory=dict)
    """Why, by letter; how many ratings, likewise."""
    failed_ratings: dict[str, int] = field(default_factory=dict)
    phases: dict[str, PhaseCount] = field(default_factory=dict)
    letters: dict[str, dict[str, PhaseCount]] = field(default_factory=dict)
    reads: int = 0
    """Requests that asked Plex."""
    writes: int = 0
    """Requests that changed Plex."""
    seconds: float = 0.0
    worked: float = 0.0
    """Seconds of them spent reading, writing and resting; the rest is Prefect's."""
    rested: float = 0.0
    """Seconds of the run spent resting for the server's sake."""
    report: str = ""
    """The path of the page that shows the library; empty: there is none."""
    top: list[Ranked] = field(default_factory=list)
    bottom: list[Ranked] = field(default_factory=list)
    """Worst first; no artist of the top is named again."""
    sureness: Sureness = field(default_factory=Sureness)
    """How sure the planned ratings are."""

    @property
    def removals(self) -> str:
        """How many ratings were removed for items that are left alone."""
        verb = "would be taken" if self.dry_run else "were taken"
        return f"{self.taken_back} inferred ratings {verb} back, as EXCLUDE_* says."

    @property
    def oddities(self) -> str:
        """How many items were not understood, and a few of them, in a sentence."""
        named = self.not_understood_items[:NAMED]
        if self.not_understood > len(named):
            named = [*named, f"and {self.not_understood - len(named)} more"]
        return f"Not understood: {self.not_understood} ({'; '.join(named)})."

    def note_oddities(self, sentences: Sequence[str]) -> None:
        """Count what was not understood, and keep the first few."""
        self.not_understood = len(sentences)
        self.not_understood_items = list(sentences[:LISTED])

    def count(self, letter: str, phase: str, counted: PhaseCount) -> None:
        """Add what one phase of one letter did."""
        self.letters.setdefault(letter, {})[phase] = counted
        self.phases.setdefault(phase, PhaseCount()).add(counted)
        self.add(counted)


class LettersFailed(PlexbayesError):
    """Some letters were not finished; the others were."""

    def __init__(self, message: str, summary: Summary, again: str) -> None:
        super().__init__(message)
        self.summary = summary
        self.again = again
        """What to do next."""


def summarize(
    about: Summary, before: LibraryView, after: LibraryView, outcome: Outcome
) -> Summary:
    """Complete the summary of a run with what came of it.

    It was planned for the library `before`; a dry run leaves it the same `after`.
    """
    about.taken_over = sum(r.released for r in outcome.results.values())
    about.taken_back = sum(r.taken_back for r in outcome.results.values())
    about.failed_letters = outcome.failures
    for letter, plans in outcome.plans.items():
        for plan in plans:
            seen = outcome.seen.get((letter, plan.phase), 0)
            counted = PhaseCount(len(plan), seen, plan.kept, plan.cleared)
            about.count(letter, plan.phase.label, counted)
    if not about.dry_run:
        _count_what_is_missing(about, outcome.plans, after)
    plans = [plan for plans in outcome.plans.values() for plan in plans]
    about.sureness = sureness_of(before, plans)
    if not about.dry_run:
        plans = []
    about.mean_before = mean_of(held_after(before, Level.TRACK))
    about.mean_after = mean_of(held_after(after, Level.TRACK, plans))
    about.top, about.bottom = ranking(after, held_after(after, Level.ARTIST, plans))
    return about


def _count_what_is_missing(
    about: Summary, plans: Mapping[str, Sequence[PhasePlan]], after: LibraryView
) -> None:
    """Count the planned ratings that were not written, and why, as far as Plex tells.

    A person gave them meanwhile, their items are gone, or what Plex holds cannot be
    read; others did not arrive.
    """
    owners = {
        level: dict(zip(view.items.guid, view.ownership.owner, strict=True))
        for level, view in ((level, after[level]) for level in Level)
    }
    for letter, own in plans.items():
        found = Counter(
            owners[plan.phase.level].get(guid) for plan in own for guid in plan.guid
        )
        overtaken = found[Owner.PERSON] + found[Owner.TAKEN_OVER]
        about.taken_over += overtaken
        about.gone += found[None]
        seen = sum(counted.written for counted in about.letters[letter].values())
        accounted = seen + overtaken + found[None] + found[Owner.UNREAD]
        failed = found.total() - accounted
        about.failed += failed
        if failed:
            about.failed_ratings[letter] = failed


def ranking(
    part: LibraryView, held: Floats, count: int = RANKED, level: Level = Level.ARTIST
) -> tuple[list[Ranked], list[Ranked]]:
    """Return the best artists or albums, best first, and the worst, worst first.

    So many of what is held, points, are named at either end, and nothing at both.
    """
    best, worst = (
        [_ranked(part, level, row, float(held[row])) for row in rows]
        for rows in extremes(held, part[level].items.title, count)
    )
    return best, worst


def extremes(held: Floats, titles: Texts, count: int) -> tuple[list[int], list[int]]:
    """Return the rows of what is best, best first, and of what is worst, worst first.

    So many of what is held, points, are named at either end, and nothing at both.
    """
    rated = np.flatnonzero(~np.isnan(held)).tolist()
    order = sorted(rated, key=lambda row: (-held[row], titles[row]))
    rest = sorted(order[count:], key=lambda row: (held[row], titles[row]))
    return order[:count], rest[:count]


def _ranked(part: LibraryView, level: Level, row: int, rating: float) -> Ranked:
    above, items = part.albums.items.parent, part[level].items
    name, albums = str(items.title[row]), np.flatnonzero(above == row)
    if level is Level.ALBUM:
        name = f"{part.artists.items.title[above[row]]} – {name}"
        albums = np.array([row])
    beneath = np.isin(part.tracks.items.parent, albums)
    rated = ~np.isnan(part.tracks.ownership.manual[beneath])
    is_manual = not np.isnan(part[level].ownership.manual[row])
    return Ranked(name, rating, len(albums), int(rated.sum()), is_manual)


def taken_over(part: LibraryView) -> int:
    """Return how many ratings of ours in a part persons have changed."""
    owners = [part[level].ownership.owner for level in Level]
    return sum(int((owner == Owner.TAKEN_OVER).sum()) for owner in owners)
