"""Small libraries told in a few words: artists hold albums, albums hold tracks.

    part_of(artist("Abba", album("Arrival", track("Tiger", 10), track("Money"))))

All ratings are points; `None` is unrated. What is not told is unrated, and
nothing is recorded of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.classic import Constants, Phase
from engine.evidence import LibraryView, split, whole
from engine.library import Items, Level, Library
from engine.ownership import RecordView, ownership_of
from engine.partition import letter_of
from engine.planning.plan import PhasePlan, RunParameters, plan_part

FIRST_KEY = {Level.ARTIST: 1, Level.ALBUM: 1001, Level.TRACK: 100_001}
SMALL_LIBRARY = 0.04


@dataclass(frozen=True)
class Told:
    """An artist, album or track with all that Plex and our record say of it."""

    title: str
    below: tuple["Told", ...] = ()
    rating: float | None = None
    """What Plex holds."""
    recorded: float | None = None
    """What we wrote and saw confirmed."""
    intended: float | None = None
    """What we meant to write; whether it arrived was never seen."""
    before: float | None = None
    """What stood there when we promised."""
    arrived: bool = False
    """Plex acknowledged what was promised."""
    critic: float | None = None
    guid: str = ""
    """Empty: the title, and nobody else may have it."""
    key: int = 0
    """0: numbered in the order of telling."""
    duration: int = 0

    @property
    def name(self) -> str:
        """The guid, told or not."""
        return self.guid or self.title


def artist(title: str, *albums: Told, **facts: object) -> Told:
    """Tell of an artist; `ours=7.5` is short for rated so by us."""
    return _told(title, albums, facts)


def album(title: str, *tracks: Told, **facts: object) -> Told:
    """Tell of an album; `ours=7.5` is short for rated so by us."""
    return _told(title, tracks, facts)


def track(title: str, rating: float | None = None, **facts: object) -> Told:
    """Tell of a track; a rating alone is a person's."""
    return _told(title, (), {"rating": rating, **facts})


def tracks(title: str, *ratings: float | None) -> list[Told]:
    """Tell of several tracks by their manual ratings: title 1, title 2 ..."""
    return [track(f"{title} {n}", rating) for n, rating in enumerate(ratings, 1)]


def library_of(*artists: Told) -> Library:
    """Return the library as it would have been read from Plex."""
    return _laid_out(artists)[0]


def part_of(*artists: Told) -> LibraryView:
    """Return the whole library as one part."""
    return _read(artists)[1]


def parts_of(*artists: Told) -> dict[str, LibraryView]:
    """Return the parts of the library by letter."""
    return split(*_read(artists))


def _read(artists: Sequence[Told]) -> tuple[Library, LibraryView]:
    library, record_views = _laid_out(artists)
    ownerships = {
        level: ownership_of(library[level], record_views[level]) for level in Level
    }
    return library, whole(library, ownerships)


def parameters_of(
    mean: float = 6.0, tolerance: float = SMALL_LIBRARY, **constants: float
) -> RunParameters:
    """Return what a run takes as given, in a library of average mean."""
    return RunParameters(mean, tolerance, Constants(**constants))


def plans_of(
    part: LibraryView, parameters: RunParameters, phases: Iterable[Phase] = Phase
) -> list[PhasePlan]:
    """Plan phases one after the other, as a run does for one letter."""
    return plan_part(list(phases), part, parameters)


def given(plan: PhasePlan) -> dict[str, float]:
    """Return what a plan gives, by guid."""
    return dict(zip(plan.guid, plan.after.tolist(), strict=True))


def applied(artists: Sequence[Told], plans: Iterable[PhasePlan]) -> list[Told]:
    """Tell the library again after the plans were written and confirmed."""
    ratings = {
        (plan.phase.level, guid): points
        for plan in plans
        for guid, points in given(plan).items()
    }

    def after(item: Told, level: Level) -> Told:
        below = tuple(after(child, Level(level + 1)) for child in item.below)
        points = ratings.get((level, item.name))
        if points is None:
            return replace(item, below=below)
        return replace(item, below=below, rating=points, recorded=points, intended=None)

    return [after(item, Level.ARTIST) for item in artists]


def _told(title: str, below: tuple[Told, ...], facts: dict[str, object]) -> Told:
    ours = facts.pop("ours", None)
    if ours is not None:
        facts |= {"rating": ours, "recorded": ours}
    return Told(title, below, **facts)


def _laid_out(artists: Sequence[Told]) -> tuple[Library, dict[Level, RecordView]]:
    storey = [(0, item) for item in artists]
    place = np.array([-1])
    items, record_views = {}, {}
    for level in Level:
        told = [item for _, item in storey]
        _refuse_accidental_twins(told)
        keys = [item.key or FIRST_KEY[level] + n for n, item in enumerate(told)]
        order = np.argsort(np.array(keys, np.int64))
        parent = np.array([above for above, _ in storey], np.int64)
        ordered = [told[n] for n in order]
        items[level] = _items(ordered, np.sort(keys), place[parent][order])
        record_views[level] = _record_view(ordered)
        place = np.argsort(order)
        storey = [(n, child) for n, item in enumerate(told) for child in item.below]
    letter = _texts(letter_of(title) for title in items[Level.ARTIST].title)
    return Library(*items.values(), letter), record_views


def _refuse_accidental_twins(told: Sequence[Told]) -> None:
    unnamed = [item.title for item in told if not item.guid]
    if len(set(unnamed)) < len(unnamed):
        raise ValueError(f"twins must share a guid on purpose: {unnamed}")


def _items(told: Sequence[Told], keys: Sequence[int], parent: np.ndarray) -> Items:
    return Items(
        key=np.array(keys, np.int64),
        guid=_texts(item.name for item in told),
        title=_texts(item.title for item in told),
        parent=parent,
        rating=_points(item.rating for item in told),
        rated_at=np.zeros(len(told), np.int64),
        critic=_points(item.critic for item in told),
        duration=np.array([item.duration for item in told], np.int64),
    )


def _record_view(told: Sequence[Told]) -> RecordView:
    intended = [item.intended is not None for item in told]
    return RecordView(
        value=_points(
            item.recorded if item.intended is None else item.intended for item in told
        ),
        before=_points(item.before for item in told),
        unconfirmed=np.array(intended, np.bool_),
        arrived=np.array([item.arrived for item in told], np.bool_),
        seen_at=np.zeros(len(told), np.int64),
    )


def _points(ratings: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if r is None else r for r in ratings], np.float64)


def _texts(words: Iterable[str]) -> np.ndarray:
    return np.array(list(words), object)
