"""The priors of the hierarchical model: every number that it assumes beforehand."""

from dataclasses import dataclass
from typing import NamedTuple


class Slope(NamedTuple):
    """What is assumed of the effect of one column, in units of the total sd.

    Both are for one standard deviation of the column.
    """

    mean: float
    spread: float


COLUMNS: dict[str, Slope] = {
    "plays": Slope(0.40, 0.30),
    "never played": Slope(0.0, 0.15),
    "plays of the album": Slope(-0.05, 0.20),
    "plays of the artist": Slope(-0.15, 0.20),
    "skips": Slope(0.0, 0.15),
    "duration": Slope(0.05, 0.08),
    "year": Slope(0.0, 0.10),
    "track number": Slope(-0.03, 0.06),
    "first track": Slope(0.0, 0.05),
    "critic": Slope(0.45, 0.25),
}
"""The columns in their order; what listeners' libraries have in common."""

GENRE = Slope(0.0, 0.30)
"""Of one genre; genres are 0 or 1 and not standardised."""


@dataclass(frozen=True)
class Assumptions:
    """What is assumed of a listener before the first rating is seen.

    A rating is the sum of a general level, the effects of the columns, what its
    artist and its album share, and what is its own. The variances of the last
    three are shares of one total. All of it is learned from the ratings; these
    are the starting points, which matter below a hundred ratings.
    """

    mean: float = 7.0
    """Level of a listener of whom nothing is known, points."""
    mean_weight: float = 1.0
    """How many ratings that prior is worth, by the total variance."""
    sd: float = 1.7
    """Total standard deviation of such a listener's ratings, points."""
    sd_weight: float = 1.5
    """Half the number of ratings that the prior of `sd` is worth; above 0.5."""
    shared: tuple[float, ...] = (
        *(0.02, 0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    )
    """Candidates for the share of the variance above the track, ascending."""
    shared_prior: tuple[float, float] = (1.5, 2.0)
    """Parameters of the beta distribution of that share."""
    artistic: tuple[float, ...] = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
    """Candidates for the artist's part of what is shared, ascending."""
    artistic_prior: tuple[float, float] = (1.5, 1.5)
    """Parameters of the beta distribution of that part."""
    negligible: float = 0.01
    """Candidates of less weight are dropped once nine tenths are kept."""
    columns: tuple[str, ...] = tuple(COLUMNS)
    """Which columns may have an effect."""
    genres: int = 60
    """How many genres may have an effect, at most."""
    genre_ratings: int = 3
    """How many rated tracks a genre must have for that."""
    album_weights: tuple[float, ...] = (0.1, 0.3, 1.0, 2.0, 4.0, 8.0, 20.0)
    """Candidates for how many rated tracks an album's own rating is worth."""
    album_weight: float = 2.0
    """The most plausible of them, known to a factor of e."""
    artist_weight: float = 2.0
    """How many rated tracks an artist's own rating is worth."""


TREE_ONLY = Assumptions(columns=(), genres=0)
"""The model without any columns: ratings and where they stand."""
