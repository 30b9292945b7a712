"""What the hierarchical model would expect of a rated track if it were not rated."""

import numpy as np

from engine.hierarchical.model import FittedLibrary
from engine.library import Level
from engine.rating_scale import Floats, Ints


def left_out(survey: FittedLibrary, rows: Ints) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of the ratings of tracks, each left out.

    Both are in points; NaN where a track's own rating is all that is known of it. What
    is learned of the library as a whole stays as it is: one rating hardly moves it.

    Source: the posterior of a Gaussian level divided by the likelihood of one rating;
    Gelman et al., Bayesian Data Analysis, 3rd ed. (2013), section 7.2.
    """
    place = survey.album_rows()[survey.branches.album[rows]]
    effect, numbers = survey.effect(Level.ALBUM), survey.reader.rows(rows)
    mean, variance = survey.moments(effect, place, numbers)
    own = np.array([one.shares.own for one in survey.fit.candidates])
    noise = float(survey.mixture.weight @ (survey.mixture.variance * own))
    rating = survey.part.tracks.evidence[rows]
    precision = 1 / np.maximum(variance, 1e-9) - 1 / noise
    is_known = precision > 0
    rest = np.where(is_known, precision, np.nan)
    expected = (mean / np.maximum(variance, 1e-9) - rating / noise) / rest
    return expected, np.sqrt(1 / rest + noise)
