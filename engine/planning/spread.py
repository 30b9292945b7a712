"""Guesses huddle around their mean: how to draw them apart as far as ratings are."""

from dataclasses import replace

import numpy as np

from engine.classic import Phase
from engine.evidence import LibraryView
from engine.planning.plan import RunParameters, inferred, plan_part
from engine.rating_scale import Floats, Stretch

LEAST_SD = 0.01
"""Points; guesses closer together are all the same."""
MOST = 4.0
"""Times; more would make opposites of guesses that hardly differ."""
UPWARDS = (Phase.ALBUM_UP, Phase.ARTIST_UP, Phase.ALBUM_DOWN)


def with_spread(
    everything: LibraryView, parameters: RunParameters, spread: float
) -> RunParameters:
    """Return parameters by which guesses of tracks are drawn apart.

    Args:
        everything: The whole library.
        parameters: What a run takes as given.
        spread: From 0, not at all, to 1, as far apart as the listener's own ratings.
    """
    parameters = replace(parameters, stretch=None)
    if not spread:
        return parameters
    earlier = [] if parameters.fit else plan_part(UPWARDS, everything, parameters)
    guesses = inferred(Phase.TRACK_DOWN, everything, earlier, parameters).mean
    ratings = everything.tracks.evidence
    guesses = guesses[np.isnan(ratings) & ~np.isnan(guesses)]
    stretch = stretch_of(guesses, ratings[~np.isnan(ratings)], spread)
    return replace(parameters, stretch=stretch)


def stretch_of(guesses: Floats, ratings: Floats, spread: float) -> Stretch | None:
    """Return how guesses are drawn apart; nothing if they are not.

    All are in points; `spread` is from 0 to 1, where they are as far apart as ratings,
    if that is not more than four times as far as they are.
    """
    if not spread or not len(guesses) or not len(ratings):
        return None
    sd = float(guesses.std())
    most = float(ratings.std()) / sd if sd >= LEAST_SD else 1.0
    if most <= 1:
        return None
    return Stretch(float(guesses.mean()), 1 + spread * (min(most, MOST) - 1))
