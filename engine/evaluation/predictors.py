"""The models as seen by a test: from known ratings to guesses of hidden ones."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine import classic
from engine.classic import Constants
from engine.evaluation.tuning import left_out, tune
from engine.evidence import MEAN_WITHOUT_RATINGS, LibraryView, prior_mean
from engine.hierarchical.fitting import TREE_ONLY, USUAL, Assumptions, fit
from engine.hierarchical.model import FittedLibrary, predict_tracks
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


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one method says of hidden ratings, one row each."""

    mean: Floats
    """Its guess, points."""
    low: Floats
    """Lower bound of its 80 % interval, points."""
    high: Floats
    """Its upper bound."""
    chance: Floats
    """Probability of each step of the scale, shape (ratings, steps)."""


Method = Callable[[LibraryView, Ints], Forecast]
"""From what is known, and the tracks that are hidden, to guesses of these."""

LIBRARY_MEAN = "library mean"
CLASSIC = "classic"
TUNED = "tuned classic"
TREE = "hierarchical (tree only)"
HIERARCHICAL = "hierarchical"

REACH = NormalDist().inv_cdf((1 + INTERVAL) / 2)
"""Half the width of an 80 % interval in standard deviations."""


def usual_methods(constants: Constants) -> dict[str, Method]:
    """Return the methods that a listener can choose from."""

    def by_tuned_classic(part: LibraryView, rows: Ints) -> Forecast:
        return _by_classic(tune(part, constants).constants)(part, rows)

    return {
        LIBRARY_MEAN: _by_library_mean,
        CLASSIC: _by_classic(constants),
        TUNED: by_tuned_classic,
        TREE: _by_hierarchy(TREE_ONLY),
        HIERARCHICAL: _by_hierarchy(USUAL),
    }


def _by_library_mean(part: LibraryView, rows: Ints) -> Forecast:
    known = _known(part)
    mean = known.mean() if len(known) else MEAN_WITHOUT_RATINGS
    sd = float(known.std()) if len(known) else 0.0
    habit = np.tile(np.array(taste_of(known).habit), (len(rows), 1))
    return _around(np.full(len(rows), mean), sd, habit)


def _by_classic(constants: Constants) -> Method:
    def method(part: LibraryView, rows: Ints) -> Forecast:
        evidence = left_out(part, prior_mean(part), constants)
        errors = evidence.errors(constants.confidence)
        sd = math.sqrt(float(np.mean(errors**2))) if len(errors) else 0.0
        guess = _classic_tracks(part, constants)[rows]
        return normal_forecast(guess, sd, taste_of(_known(part)))

    return method


def _by_hierarchy(assumptions: Assumptions) -> Method:
    def method(part: LibraryView, rows: Ints) -> Forecast:
        learned = fit(part, assumptions)
        found = predict_tracks(FittedLibrary.of(part, learned), rows)
        chance = forecast(learned.taste, found.mean, found.sd)
        return Forecast(found.mean, found.low, found.high, chance)

    return method


def _known(part: LibraryView) -> Floats:
    evidence = part.tracks.evidence
    return evidence[~np.isnan(evidence)]


def _classic_tracks(part: LibraryView, constants: Constants) -> Floats:
    """Return what the four phases of the classic model give every track, points."""
    mean = prior_mean(part)

    def held(manual: Floats, inferred: Floats) -> Floats:
        return np.where(np.isnan(manual), inferred, manual)

    artists, albums = part.artists.ownership.manual, part.albums.ownership.manual
    upwards = classic.album_up(part, mean, constants)
    artists = held(artists, classic.artist_up(part, mean, constants))
    downwards = classic.album_down(part, artists, mean, constants)
    albums = held(albums, held(upwards, downwards))
    return classic.track_down(part, albums, mean, constants)


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
