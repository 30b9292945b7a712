"""The models as seen by a test: from known ratings to guesses of hidden ones."""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from engine import classic
from engine.classic import Constants
from engine.evaluation.metrics import Forecast
from engine.evaluation.tuning import left_out, tune
from engine.evidence import MEAN_WITHOUT_RATINGS, LibraryView, library_mean
from engine.hierarchical.fitting import fit
from engine.hierarchical.model import FittedLibrary, predict_tracks
from engine.hierarchical.priors import TREE_ONLY, Assumptions
from engine.hierarchical.rating_scale_usage import (
    HIGHEST,
    INTERVAL,
    LOWEST,
    Taste,
    forecast,
    share_below,
    taste_of,
)
from engine.rating_scale import Floats, Ints

Method = Callable[[LibraryView, Ints], Forecast]
"""From what is known, and the tracks that are hidden, to guesses of these."""

LIBRARY_MEAN = "library mean"
CLASSIC = "classic"
TUNED = "tuned classic"
TREE = "hierarchical (tree only)"
HIERARCHICAL = "hierarchical"

REACH = NormalDist().inv_cdf((1 + INTERVAL) / 2)
"""Half the width of an 80 % interval in standard deviations."""


def by_library_mean(part: LibraryView, rows: Ints) -> Forecast:
    """Guess the mean of all ratings, whatever the track."""
    known = part.tracks.evidence
    known = known[~np.isnan(known)]
    mean = known.mean() if len(known) else MEAN_WITHOUT_RATINGS
    sd = float(known.std()) if len(known) else 0.0
    taste = taste_of(known)
    habit = np.tile(np.array(taste.habit), (len(rows), 1))
    return _around(np.full(len(rows), mean), sd, habit)


def by_classic(constants: Constants) -> Method:
    """Guess as the classic model does with these constants."""

    def method(part: LibraryView, rows: Ints) -> Forecast:
        known = part.tracks.evidence
        known = known[~np.isnan(known)]
        evidence = left_out(part, mean_of(part), constants)
        errors = evidence.errors(constants.confidence)
        sd = math.sqrt(float(np.mean(errors**2))) if len(errors) else 0.0
        guess = classic_tracks(part, constants)[rows]
        return normal_forecast(guess, sd, taste_of(known))

    return method


def by_tuned_classic(constants: Constants) -> Method:
    """Guess as the classic model does with constants tuned to what is known."""

    def method(part: LibraryView, rows: Ints) -> Forecast:
        return by_classic(tune(part, constants).constants)(part, rows)

    return method


def by_hierarchy(assumptions: Assumptions) -> Method:
    """Guess as the hierarchical model does."""

    def method(part: LibraryView, rows: Ints) -> Forecast:
        learned = fit(part, assumptions)
        found = predict_tracks(FittedLibrary.of(part, learned), rows)
        chance = forecast(learned.taste, found.mean, found.sd)
        return Forecast(found.mean, found.low, found.high, chance)

    return method


def usual_methods(constants: Constants) -> dict[str, Method]:
    """Return the methods that a listener can choose from."""
    return {
        LIBRARY_MEAN: by_library_mean,
        CLASSIC: by_classic(constants),
        TUNED: by_tuned_classic(constants),
        TREE: by_hierarchy(TREE_ONLY),
        HIERARCHICAL: by_hierarchy(Assumptions()),
    }


def classic_tracks(part: LibraryView, constants: Constants) -> Floats:
    """Return what the four phases of the classic model give every track, points."""
    mean = mean_of(part)

    def held(manual: Floats, inferred: Floats) -> Floats:
        return np.where(np.isnan(manual), inferred, manual)

    artists, albums = part.artists.ownership.manual, part.albums.ownership.manual
    upwards = classic.album_up(part, mean, constants)
    artists = held(artists, classic.artist_up(part, mean, constants))
    downwards = classic.album_down(part, artists, mean, constants)
    albums = held(albums, held(upwards, downwards))
    return classic.track_down(part, albums, mean, constants)


def mean_of(part: LibraryView) -> float:
    """Return the library mean, or what stands for it if nothing is rated."""
    found = library_mean(part.tracks)
    return MEAN_WITHOUT_RATINGS if found is None else found


def normal_forecast(guess: Floats, sd: float, taste: Taste) -> Forecast:
    """Return a forecast whose errors are thought to be normal and all alike."""
    steps = np.array(taste.steps)
    borders = (steps[:-1] + steps[1:]) / 2
    below = share_below((borders - guess[:, None]) / max(sd, 1e-3))
    ends = np.ones((len(guess), 1))
    chance = np.diff(np.concatenate([0 * ends, below, ends], axis=1), axis=1)
    return _around(guess, sd, np.maximum(chance, 1e-12))


def _around(guess: Floats, sd: float, chance: Floats) -> Forecast:
    guess = np.clip(guess, LOWEST, HIGHEST)
    return Forecast(guess, guess - REACH * sd, guess + REACH * sd, chance)
