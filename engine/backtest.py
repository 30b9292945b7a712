"""Which model guesses this listener's own ratings best, and is it worth it?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from engine import classic
from engine.assumptions import TREE_ONLY, Assumptions
from engine.branches import branches_of
from engine.classic import Constants, priors
from engine.evidence import MEAN_WITHOUT_RATINGS, Part, library_mean, tally
from engine.fitting import fit
from engine.folds import Hiding, fractions, hidings, key_texts, without
from engine.hierarchical import Survey, predict_tracks
from engine.points import Floats, Ints
from engine.scores import Forecast, Score, difference, is_central, order_accuracy
from engine.taste import (
    HIGHEST,
    INTERVAL,
    LOWEST,
    Taste,
    forecast,
    scale_of,
    step_of,
    taste_of,
)

Method = Callable[[Part, Ints], Forecast]
"""From what is known, and the tracks that are hidden, to guesses of these."""

REACH = NormalDist().inv_cdf((1 + INTERVAL) / 2)
"""Half the width of an 80 % interval in standard deviations."""


@dataclass(frozen=True)
class Comparison:
    """How one method does beside another, on the same hidden ratings."""

    change: float
    """Difference in RMSE as a part of the other's; negative: smaller error."""
    error: float
    """Standard error of that, by resampling artists."""


@dataclass(frozen=True)
class Backtest:
    """What came of hiding ratings from several methods."""

    regime: str
    ratings: int
    """How many ratings there are to hide."""
    scores: dict[str, Score]
    """By method, in the order in which they were asked for."""
    against: dict[str, Comparison]
    """By method, each beside `baseline`."""
    baseline: str


def by_library_mean(part: Part, rows: Ints) -> Forecast:
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

    def method(part: Part, rows: Ints) -> Forecast:
        guess = classic_tracks(part, constants)[rows]
        known = part.tracks.evidence
        taste = taste_of(known[~np.isnan(known)])
        return normal_forecast(guess, left_out_sd(part, constants), taste)

    return method


def by_hierarchy(assumptions: Assumptions) -> Method:
    """Guess as the hierarchical model does."""

    def method(part: Part, rows: Ints) -> Forecast:
        learned = fit(part, assumptions)
        found = predict_tracks(Survey.of(part, learned), rows)
        chance = forecast(learned.taste, found.mean, found.sd)
        return Forecast(found.mean, found.low, found.high, chance)

    return method


def usual_methods(constants: Constants) -> dict[str, Method]:
    """Return the methods that a listener can choose from."""
    return {
        "library mean": by_library_mean,
        "classic": by_classic(constants),
        "hierarchical, tree only": by_hierarchy(TREE_ONLY),
        "hierarchical": by_hierarchy(Assumptions()),
    }


def classic_tracks(part: Part, constants: Constants) -> Floats:
    """Return what the four phases of the classic model give every track, points."""
    found = library_mean(part.tracks)
    mean = MEAN_WITHOUT_RATINGS if found is None else found

    def held(manual: Floats, inferred: Floats) -> Floats:
        return np.where(np.isnan(manual), inferred, manual)

    artists, albums = part.artists.standing.manual, part.albums.standing.manual
    upwards = classic.album_up(part, mean, constants)
    artists = held(artists, classic.artist_up(part, mean, constants))
    downwards = classic.album_down(part, artists, mean, constants)
    albums = held(albums, held(upwards, downwards))
    return classic.track_down(part, albums, mean, constants)


def left_out_sd(part: Part, constants: Constants) -> float:
    """Return how far each rating is from what the others of its album say."""
    found = library_mean(part.tracks)
    if found is None:
        return 0.0
    albums, parent = part.albums.items, part.tracks.items.parent
    evidence = tally(part.tracks, parent, len(albums))
    prior = priors(albums.critic, found, constants)
    rated = np.flatnonzero(~np.isnan(part.tracks.evidence))
    own, place = part.tracks.evidence[rated], parent[rated]
    c = constants.confidence
    others = c * prior[place] + evidence.total[place] - own
    guess = others / (c + evidence.count[place] - 1)
    return math.sqrt(float(np.mean((own - guess) ** 2)))


def normal_forecast(guess: Floats, sd: float, taste: Taste) -> Forecast:
    """Return a forecast whose errors are thought to be normal and all alike."""
    steps = np.array(taste.steps)
    borders = (steps[:-1] + steps[1:]) / 2
    scaled = (borders - guess[:, None]) / (math.sqrt(2) * max(sd, 1e-3))
    below = 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float64])(scaled))
    ends = np.ones((len(guess), 1))
    chance = np.diff(np.concatenate([0 * ends, below, ends], axis=1), axis=1)
    return _around(guess, sd, np.maximum(chance, 1e-12))


def _around(guess: Floats, sd: float, chance: Floats) -> Forecast:
    guess = np.clip(guess, LOWEST, HIGHEST)
    return Forecast(guess, guess - REACH * sd, guess + REACH * sd, chance)


def backtest(
    part: Part, methods: Mapping[str, Method], regime: str, baseline: str
) -> Backtest:
    """Hide ratings, let every method guess them, and compare.

    Args:
        part: The whole library.
        methods: What to compare, by name.
        regime: What is hidden, one of `REGIMES`.
        baseline: The method that the others are held against.
    """
    hidden = hidings(part, regime)
    if not hidden:
        return Backtest(regime, 0, {}, {}, baseline)
    truth = part.tracks.evidence
    found: dict[str, list[Forecast]] = {name: [] for name in methods}
    for hiding in hidden:
        known = without(part, hiding.rows)
        for name, method in methods.items():
            found[name].append(method(known, hiding.rows))
    rows = np.concatenate([hiding.rows for hiding in hidden])
    weight = np.concatenate([np.full(len(h.rows), h.weight) for h in hidden])
    fraction = fractions("pit|" + key for key in key_texts(part)[rows])
    squares = {
        name: (np.concatenate([own.mean for own in forecasts]) - truth[rows]) ** 2
        for name, forecasts in found.items()
    }
    places = branches_of(part)
    artist = places.branch[places.album[rows]]
    return Backtest(
        regime=regime,
        ratings=len(np.unique(rows)),
        scores={
            name: score_of(forecasts, hidden, truth[rows], fraction)
            for name, forecasts in found.items()
        },
        against={
            name: Comparison(*difference(own, squares[baseline], weight, artist))
            for name, own in squares.items()
        },
        baseline=baseline,
    )


def score_of(
    forecasts: list[Forecast], hidden: list[Hiding], truth: Floats, fraction: Floats
) -> Score:
    """Return how good the forecasts of one method are.

    Args:
        forecasts: One for each time that ratings were hidden.
        hidden: Those times.
        truth: All hidden ratings, in the same order, points.
        fraction: Where within its step each rating is thought to be, 0 to 1.
    """
    ends = np.cumsum([len(hiding.rows) for hiding in hidden])[:-1]
    parts = zip(
        forecasts, hidden, np.split(truth, ends), np.split(fraction, ends), strict=True
    )
    rows = [_measures(*own) for own in parts]
    total = np.sum([measures for measures, _ in rows], axis=0)
    return Score(
        rmse=math.sqrt(total[0]),
        mae=float(total[1]),
        order=float(np.mean([order for _, order in rows])),
        log_score=float(total[2]),
        coverage=float(total[3]),
        central=float(total[4]),
    )


def _measures(
    forecast: Forecast, hiding: Hiding, truth: Floats, fraction: Floats
) -> tuple[Floats, float]:
    error = forecast.mean - truth
    steps = scale_of(forecast.chance.shape[1])
    step = step_of(truth, steps)
    happened = forecast.chance[np.arange(len(step)), step]
    inside = (forecast.low <= truth) & (truth <= forecast.high)
    central = is_central(forecast.chance, step, fraction, INTERVAL)
    columns = (error**2, np.abs(error), -np.log(happened), inside, central)
    measures = np.array([hiding.weight * column.sum() for column in columns])
    return measures, order_accuracy(truth, forecast.mean)
