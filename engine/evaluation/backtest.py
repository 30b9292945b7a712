"""Which model guesses this listener's own ratings best, and is it worth it?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.cross_validation import (
    Fold,
    fractions,
    hidings,
    key_texts,
    without,
)
from engine.evaluation.metrics import (
    Calibration,
    Comparison,
    Score,
    Usefulness,
    calibration_of,
    centrality,
    difference,
    order_accuracy,
    usefulness_of,
)
from engine.evaluation.predictors import CLASSIC, LIBRARY_MEAN, Forecast, Method
from engine.evidence import LibraryView
from engine.hierarchical.grouping import branches_of
from engine.hierarchical.rating_scale_usage import INTERVAL, scale_of, step_of
from engine.planning.spread import stretch_of
from engine.rating_scale import Floats, Ints

FEW = 20
"""With fewer hidden ratings no verdict is given."""

WORTH = 0.01
"""A smaller gain over the plain mean is not worth speaking of."""


@dataclass(frozen=True)
class Backtest:
    """What came of hiding ratings from several methods."""

    regime: str
    ratings: int
    """How many ratings there are to hide."""
    scores: dict[str, Score]
    """By method, in the order in which they were asked for."""
    against: dict[str, dict[str, Comparison]]
    """By method, each beside every other."""
    calibration: dict[str, Calibration] = field(default_factory=dict)
    """By method, whether its guesses mean what they say."""
    usefulness: dict[str, Usefulness] = field(default_factory=dict)
    """By method, what its guesses are good for."""
    stretched: dict[str, Usefulness] = field(default_factory=dict)
    """The same if they were as far apart as ratings are, as by SPREAD 1."""


@dataclass(frozen=True)
class Verdict:
    """What a backtest says, for people."""

    best: str
    """The method to choose; empty if there were too few ratings to tell."""
    sentence: str


def backtest(
    part: LibraryView,
    methods: Mapping[str, Method],
    regime: str,
    hidden: Sequence[Fold] | None = None,
) -> Backtest:
    """Hide ratings of a whole library, let every method guess them, and compare.

    What is hidden is one of `REGIMES`, unless folds are given.
    """
    hidden = hidings(part, regime) if hidden is None else hidden
    if not hidden:
        return Backtest(regime, 0, {}, {})
    found, near = _asked(part, methods, hidden)
    rows = np.concatenate([fold.rows for fold in hidden])
    weight = np.repeat([f.weight for f in hidden], [len(f.rows) for f in hidden])
    fraction = fractions("pit|" + key for key in key_texts(part)[rows])
    truth, places = part.tracks.evidence[rows], branches_of(part)
    artist = places.branch[places.album[rows]]
    scores, calibration, squares = {}, {}, {}
    usefulness, stretched = {}, {}
    for name, forecasts in found.items():
        guess = np.concatenate([own.mean for own in forecasts])
        scores[name], distance = _judged(forecasts, hidden, truth, fraction)
        calibration[name] = calibration_of(guess, distance, truth, weight, near)
        usefulness[name] = usefulness_of(guess, truth)
        stretch = stretch_of(guess, truth, 1.0)
        apart = guess if stretch is None else stretch(guess)
        stretched[name] = usefulness_of(apart, truth)
        squares[name] = (guess - truth) ** 2
    against = {
        name: {
            other: difference(own, squares[other], weight, artist)
            for other in squares
            if other != name
        }
        for name, own in squares.items()
    }
    count = len(np.unique(rows))
    judged = scores, against, calibration, usefulness, stretched
    return Backtest(regime, count, *judged)


def _asked(
    part: LibraryView, methods: Mapping[str, Method], hidden: Sequence[Fold]
) -> tuple[dict[str, list[Forecast]], Ints]:
    """Return what each method guessed, and how much was known of each artist."""
    found: dict[str, list[Forecast]] = {name: [] for name in methods}
    near = []
    for fold in hidden:
        known = without(part, fold.rows)
        near.append(ratings_near(known, fold.rows))
        for name, method in methods.items():
            found[name].append(method(known, fold.rows))
    return found, np.concatenate(near)


def ratings_near(part: LibraryView, rows: Ints) -> Ints:
    """Return how many ratings of the same artist are known for each track."""
    tree = branches_of(part)
    branch = tree.branch[tree.album]
    known = branch[~np.isnan(part.tracks.evidence)]
    counts: Ints = np.bincount(known, minlength=branch.max(initial=0) + 1)
    return counts[branch[rows]]


def _judged(
    forecasts: list[Forecast], hidden: Sequence[Fold], truth: Floats, fraction: Floats
) -> tuple[Score, Floats]:
    """Return how good the forecasts of one method are, and how central the truth.

    There is one forecast a fold; truth and fraction (see `centrality`) are of all.
    """
    measures, orders, distances, start = [], [], [], 0
    for forecast, fold in zip(forecasts, hidden, strict=True):
        own = slice(start, start + len(fold.rows))
        start = own.stop
        rating, chance = truth[own], forecast.chance
        error = forecast.mean - rating
        step = step_of(rating, scale_of(chance.shape[1]))
        happened = chance[np.arange(len(step)), step]
        inside = (forecast.low <= rating) & (rating <= forecast.high)
        distance = centrality(chance, step, fraction[own])
        central = distance <= INTERVAL
        columns = (error**2, np.abs(error), -np.log(happened), inside, central)
        measures.append([fold.weight * column.sum() for column in columns])
        orders.append(order_accuracy(rating, forecast.mean))
        distances.append(distance)
    square, mae, log_score, coverage, central_part = np.sum(measures, axis=0).tolist()
    score = Score(
        rmse=math.sqrt(square),
        mae=mae,
        order=float(np.mean(orders)),
        log_score=log_score,
        coverage=coverage,
        central=central_part,
    )
    return score, np.concatenate(distances)


def verdict(test: Backtest, present: str = CLASSIC) -> Verdict:
    """Say in one sentence which model is best, if it surely beats the present one."""
    if test.ratings < FEW:
        few = f"With {test.ratings} rated tracks it is too early to say"
        return Verdict("", f"{few} which model is best; {FEW} are needed.")
    best = min(test.scores, key=lambda name: test.scores[name].rmse)
    over_mean = test.scores[best].rmse / test.scores[LIBRARY_MEAN].rmse - 1
    if over_mean > -WORTH:
        return Verdict(
            LIBRARY_MEAN,
            "No model guesses these ratings better than their average: "
            f"it is off by {_stars(test, LIBRARY_MEAN)} stars on average.",
        )
    off = f"its guesses are off by {_stars(test, best)} stars on average"
    if best == present:
        return Verdict(best, f"The {best} model is best for this library: {off}.")
    gain = test.against[best][present]
    if -gain.change <= gain.error:
        both = f"{_stars(test, best)} and {_stars(test, present)} stars on average"
        return Verdict(
            present,
            f"The {best} and the {present} model do equally well: their guesses are "
            f"off by {both}.",
        )
    size = f"{-100 * gain.change:.0f} % smaller error than {present}"
    surely = f"(± {100 * gain.error:.0f} %, one standard error)"
    if gain.change > -2 * gain.error:
        return Verdict(
            present,
            f"The {best} model has {size} {surely}, which may be chance: {off}.",
        )
    return Verdict(
        best, f"The {best} model is best for this library: {off}, {size} {surely}."
    )


def _stars(test: Backtest, name: str) -> str:
    return f"{test.scores[name].mae / 2:.2f}"
