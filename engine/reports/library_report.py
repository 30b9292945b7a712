"""What the report of a library shows, as values: panels of rows, ratings in points."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.library import Named
from engine.playlists.preview import Playlist
from engine.reports.confidence import Sureness


@dataclass(frozen=True)
class Coverage:
    """How many items of a kind are rated, before and after a run."""

    name: str
    """Such as `tracks`, `1970s` or `Jazz`."""
    items: int
    yours: int
    before: int
    """Inferred ratings, now."""
    after: int
    """Inferred ratings after the run; as before if nothing is planned."""


@dataclass(frozen=True)
class Bar:
    """How many ratings there are around one step of half a star."""

    points: float
    yours: int
    ours: int


@dataclass(frozen=True)
class Placed:
    """One line of a ranking of artists or albums."""

    item: Named
    rating: float
    is_yours: bool
    tracks: int
    rated: int
    """Tracks that a person rated."""


@dataclass(frozen=True)
class Compared:
    """A rating beside what somebody, or the model, would have expected."""

    item: Named
    yours: float
    expected: float
    surprise: float | None = None
    """How many standard deviations apart they are; none: nobody can say."""


@dataclass(frozen=True)
class Find:
    """A track to be listened to."""

    item: Named
    rating: float
    low: float | None
    """The lower bound of the 80 % interval; none: nobody can say."""
    is_yours: bool
    plays: int
    idle_days: float | None = None
    """Since it was last played, up to the latest play or addition in the library."""


@dataclass(frozen=True)
class Threshold:
    """From where on as many tracks are found as the listener would rate so."""

    wanted: float
    """The listener's own rating, points: 6 or 8."""
    share: float
    """Of their ratings, how many are at least that, 0 to 1."""
    threshold: float
    """Points; as many of all tracks are at least that."""
    tracks: int
    """How many."""
    plain: int
    """How many are found by the listener's own rating as the threshold."""
    right: float | None
    """Of those found among hidden ratings, how many were really rated so, 0 to 1, in
    the last backtest; none: there was none."""


@dataclass(frozen=True)
class Tested:
    """What the last backtest said of the model in use."""

    date: str
    verdict: str
    off_by: float
    """Mean absolute error, points."""
    within: float
    """How many guesses were within a star, 0 to 1."""
    top_ten: float | None
    """Of ten tracks put on top, how many were rated four stars or more."""
    found: float | None = None
    """Of what was rated four stars or more, how much is guessed so, 0 to 1."""
    stretched_off_by: float | None = None
    """The mean absolute error with SPREAD 1, points."""
    stretched_found: float | None = None
    """What is found then."""


@dataclass(frozen=True)
class Changed:
    """What a run changes in one rating."""

    item: Named
    before: float | None
    after: float


@dataclass(frozen=True)
class Line:
    """One artist of the table of all artists."""

    name: str
    albums: int
    tracks: int
    rated: int
    rating: float | None
    is_yours: bool
    sd: float | None


@dataclass(frozen=True, kw_only=True)
class LibraryReport:
    """All panels. One that is empty is left out."""

    library: str
    date: str
    """Of the report, such as 2026-11-28."""
    what: str
    """What happened, in a sentence."""
    is_planned: bool = False
    """Whether nothing of it was written yet."""
    model: str
    artists: int
    albums: int
    tracks: int
    yours: int
    """Tracks that a person rated."""
    notes: Sequence[str] = ()
    """What else is worth saying, a sentence each."""
    coverage: dict[str, list[Coverage]] = field(default_factory=dict)
    """By `level`, `decade`, `genre`."""
    bars: list[Bar] = field(default_factory=list)
    """Of tracks, from half a star on."""
    playlists: list[Playlist] = field(default_factory=list)
    best_artists: list[Placed] = field(default_factory=list)
    worst_artists: list[Placed] = field(default_factory=list)
    best_albums: list[Placed] = field(default_factory=list)
    worst_albums: list[Placed] = field(default_factory=list)
    above_critics: list[Compared] = field(default_factory=list)
    below_critics: list[Compared] = field(default_factory=list)
    surprises: list[Compared] = field(default_factory=list)
    gems: list[Find] = field(default_factory=list)
    forgotten: list[Find] = field(default_factory=list)
    ask: list[Named] = field(default_factory=list)
    """What to rate next."""
    sureness: Sureness = field(default_factory=Sureness)
    tested: Tested | None = None
    thresholds: list[Threshold] = field(default_factory=list)
    changes: list[Changed] = field(default_factory=list)
    """A sample of them, the largest first."""
    changed: int = 0
    """How many there are."""
    taken_over: list[Named] = field(default_factory=list)
    twins: list[list[tuple[Named, float | None]]] = field(default_factory=list)
    """Tracks of one recording, with their ratings."""
    all_artists: list[Line] = field(default_factory=list)
