"""The classic model: Bayesian averages up the tree, inheritance down it.

    artist ◄── 2 artist-up ── manual albums and tracks      3 album-down ──► album
    album  ◄── 1 album-up  ── manual tracks                 4 track-down ──► track

Upwards only manual ratings and critics count, so nothing inferred ever feeds
back. Downwards only what has no rating and no estimate of its own inherits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, get_args

import numpy as np

from engine.errors import UsageError
from engine.evidence import LibraryView, Tally, tally
from engine.library import Level
from engine.rating_scale import Floats, Ints


class Phase(IntEnum):
    """The four steps of a run, numbered as users know them."""

    ALBUM_UP = 1
    ARTIST_UP = 2
    ALBUM_DOWN = 3
    TRACK_DOWN = 4

    @property
    def label(self) -> str:
        """The phase as people read it, such as `1 album-up`."""
        return f"{self.value} {self.name.lower().replace('_', '-')}"

    @property
    def level(self) -> Level:
        """The level that the phase rates."""
        return Level[self.name.split("_")[0]]


PhaseChoice = Literal[
    "1-4", "1-2", "3-4", "1", "2", "3", "4",
    "1-3", "2-3", "2-4", "1,3", "1,4", "2,4", "1-2,4", "1,3-4",
]  # fmt: skip
"""Every choice of phases, spelled in the one way in which it is passed on."""


def spelled(phases: Sequence[Phase]) -> PhaseChoice:
    """Return phases as a choice, the shortest way to say it.

    >>> spelled([Phase.ALBUM_UP, Phase.ARTIST_UP, Phase.TRACK_DOWN])
    '1-2,4'
    """
    wanted = sorted(set(phases))
    choices: tuple[PhaseChoice, ...] = get_args(PhaseChoice)
    return next(choice for choice in choices if chosen_phases(choice) == wanted)


def chosen_phases(wanted: str) -> list[Phase]:
    """Return the phases that a choice in words means, in order.

    Raises:
        UsageError: A word is not a phase.

    >>> [phase.value for phase in chosen_phases("1-2,4")]
    [1, 2, 4]
    """
    phases: set[Phase] = set()
    for word in wanted.replace(" ", "").split(","):
        first, _, last = word.partition("-")
        try:
            low, high = Phase(int(first)), Phase(int(last or first))
        except ValueError:
            raise UsageError(
                f"{wanted!r} are not phases: give 1 to 4, such as 1-4, 3 or 1,2."
            ) from None
        if low > high:
            raise UsageError(f"{word!r} are no phases: write the lower first.")
        phases |= {phase for phase in Phase if low <= phase <= high}
    return sorted(phases)


@dataclass(frozen=True)
class Constants:
    """What the model assumes before looking."""

    confidence: float = 3.0
    """How many virtual average ratings the prior is worth; above 0."""
    critic_bias: float = 1.5
    """Points added to a critic's rating before it is scaled back to 0–10."""
    critic_weight: float = 3.0
    """Weight of the critic in the prior; 0 leaves critics out."""
    global_weight: float = 1.0
    """Weight of the library mean in the prior."""
    album_gravity: float = 0.2
    """How far an album's inheritance from a manual artist is drawn to the mean."""
    track_gravity: float = 0.3
    """How far a track's inheritance from a manual album is drawn to the mean."""


def critic_points(critic: Floats, constants: Constants) -> Floats:
    """Return the critics' ratings on the listener's scale; NaN: no critic.

    >>> critic_points(np.array([6.0, 10.0, 0.0]), Constants()).round(4)
    array([ 6.5217, 10.    ,     nan])
    """
    bias = constants.critic_bias
    scaled = np.clip(10 * (critic + bias) / (10 + bias), 0, 10)
    counts = (critic > 0) & (constants.critic_weight > 0)
    return np.where(counts, scaled, np.nan)


def priors(critic: Floats, mean: float, constants: Constants) -> Floats:
    """Return what is assumed of items before their own evidence, points.

    >>> priors(np.array([6.0, np.nan]), 6.0, Constants()).round(4)
    array([6.3913, 6.    ])
    """
    blended = (
        constants.global_weight * mean
        + constants.critic_weight * critic_points(critic, constants)
    ) / (constants.global_weight + constants.critic_weight or 1)
    return np.where(np.isnan(blended), mean, blended)


def bayesian_average(prior: Floats, evidence: Tally, confidence: float) -> Floats:
    """Return the mean of `confidence` ratings at the prior and the evidence.

    >>> one = Tally(np.array([1.0]), np.array([10.0]))
    >>> bayesian_average(np.array([6.0]), one, 3.0)
    array([7.])
    """
    return (confidence * prior + evidence.total) / (confidence + evidence.count)


def album_up(part: LibraryView, mean: float, constants: Constants) -> Floats:
    """Score albums from their manual tracks and critics; NaN without either."""
    albums = part.albums.items
    evidence = tally(part.tracks, part.tracks.items.parent, len(albums))
    score = bayesian_average(
        priors(albums.critic, mean, constants), evidence, constants.confidence
    )
    has_critic = ~np.isnan(critic_points(albums.critic, constants))
    return np.where((evidence.count > 0) | has_critic, score, np.nan)


def artist_up(part: LibraryView, mean: float, constants: Constants) -> Floats:
    """Score every artist from all manual ratings beneath, tracks and albums."""
    prior = priors(part.artists.items.critic, mean, constants)
    return bayesian_average(prior, _beneath_artists(part), constants.confidence)


def _beneath_artists(part: LibraryView) -> Tally:
    above, artists = part.albums.items.parent, len(part.artists)
    of_tracks = tally(part.tracks, above[part.tracks.items.parent], artists)
    return of_tracks + tally(part.albums, above, artists)


def inherited(
    held: Floats, manual: Floats, parent: Ints, mean: float, gravity: float
) -> Floats:
    """Return what each child inherits of what its parent holds, NaN: nothing.

    A manual parent is drawn to the mean: with a gravity of 0 its rating is inherited
    as it is, with 1 the mean instead.
    """
    drawn = manual * (1 - gravity) + mean * gravity
    bequest: Floats = np.where(np.isnan(manual), held, drawn)
    return bequest[parent]


def album_down(
    part: LibraryView, held_artists: Floats, mean: float, constants: Constants
) -> Floats:
    """Let albums without a score of their own inherit from their artist."""
    manual, parent = part.artists.ownership.manual, part.albums.items.parent
    inherits = inherited(held_artists, manual, parent, mean, constants.album_gravity)
    scored = ~np.isnan(album_up(part, mean, constants))
    return np.where(scored, np.nan, inherits)


def track_down(
    part: LibraryView, held_albums: Floats, mean: float, constants: Constants
) -> Floats:
    """Let tracks inherit from their album."""
    manual, parent = part.albums.ownership.manual, part.tracks.items.parent
    return inherited(held_albums, manual, parent, mean, constants.track_gravity)


def ratings_behind(
    level: Level, part: LibraryView, mean: float, constants: Constants
) -> Ints:
    """Return from how many manual ratings the value of each item comes."""

    def held(manual: Floats, inferred: Floats) -> Ints:
        return np.where(np.isnan(manual), inferred, 1).astype(np.int64)

    albums = part.albums.items
    artists = held(part.artists.ownership.manual, _beneath_artists(part).count)
    own = tally(part.tracks, part.tracks.items.parent, len(albums)).count
    scored = ~np.isnan(album_up(part, mean, constants))
    found = np.where(scored, own, artists[albums.parent])
    of_albums = held(part.albums.ownership.manual, found)
    return {
        Level.ARTIST: artists,
        Level.ALBUM: of_albums,
        Level.TRACK: of_albums[part.tracks.items.parent],
    }[level]
