"""Which model guesses this listener's own ratings best, and is it worth it?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.evaluation.calibration import Calibration, calibration_of, ratings_near
from engine.evaluation.cross_validation import (
    Fold,
    fractions,
    hidings,
    key_texts,
    without,
)
from engine.evaluation.metrics import (
    Forecast,
    Score,
    difference,
    is_central,
    order_accuracy,
)
from engine.evaluation.predictors import CLASSIC, LIBRARY_MEAN, Method
from engine.evidence import LibraryView
from engine.hierarchical.grouping import branches_of
from engine.hierarchical.rating_scale_usage import INTERVAL, scale_of, step_of
from engine.rating_scale import Floats, Ints

FEW = 20
"""With fewer hidden ratings no verdict is given."""

WORTH = 0.01
"""A smaller gain over the plain mean is not worth speaking of."""


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
    against: dict[str, dict[str, Comparison]]
    """By method, each beside every other."""
    calibration: dict[str, Calibration] = field(default_factory=dict)
    """By method, whether its guesses mean what they say."""


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
    """Hide ratings, let every method guess them, and compare.

    Args:
        part: The whole library.
        methods: What to compare, by name.
        regime: What is hidden, one of `REGIMES`.
        hidden: What is hidden instead, if it is none of them.
    """
    hidden = hidings(part, regime) if hidden is None else hidden
    if not hidden:
        return Backtest(regime, 0, {}, {})
    found, near = _asked(part, methods, hidden)
    rows = np.concatenate([hiding.rows for hiding in hidden])
    weight = np.concatenate([np.full(len(h.rows), h.weight) for h in hidden])
    fraction = fractions("pit|" + key for key in key_texts(part)[rows])
    truth = part.tracks.evidence[rows]
    squares = {
        name: (np.concatenate([own.mean for own in forecasts]) - truth) ** 2
        for name, forecasts in found.items()
    }
    places = branches_of(part)
    return Backtest(
        regime=regime,
        ratings=len(np.unique(rows)),
        scores={
            name: score_of(forecasts, hidden, truth, fraction)
            for name, forecasts in found.items()
        },
        against=_against(squares, weight, places.branch[places.album[rows]]),
        calibration={
            name: calibration_of(forecasts, truth, fraction, weight, near)
            for name, forecasts in found.items()
        },
    )


def _asked(
    part: LibraryView, methods: Mapping[str, Method], hidden: Sequence[Fold]
) -> tuple[dict[str, list[Forecast]], Ints]:
    """Return what each method guessed, and how much was known of each artist."""
    found: dict[str, list[Forecast]] = {name: [] for name in methods}
    near = []
    for hiding in hidden:
        known = without(part, hiding.rows)
        near.append(ratings_near(known, hiding.rows))
        for name, method in methods.items():
            found[name].append(method(known, hiding.rows))
    return found, np.concatenate(near)


def _against(
    squares: dict[str, Floats], weight: Floats, artist: Ints
) -> dict[str, dict[str, Comparison]]:
    """Compare the squared errors of each method with those of every other."""
    return {
        name: {
            other: Comparison(*difference(own, squares[other], weight, artist))
            for other in squares
            if other != name
        }
        for name, own in squares.items()
    }


def score_of(
    forecasts: list[Forecast], hidden: Sequence[Fold], truth: Floats, fraction: Floats
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
    forecast: Forecast, hiding: Fold, truth: Floats, fraction: Floats
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


def verdict(test: Backtest, present: str = CLASSIC) -> Verdict:
    """Say in one sentence which model is best for this library.

    Args:
        test: What came of hiding ratings.
        present: The method that the others have to beat.
    """
    if test.ratings < FEW:
        few = f"With {test.ratings} rated tracks it is too early to say"
        return Verdict("", f"{few} which model is best; {FEW} are needed.")
    best = min(test.scores, key=lambda name: test.scores[name].rmse)
    over_mean = test.scores[best].rmse / test.scores[LIBRARY_MEAN].rmse - 1
    if over_mean > -WORTH:
        return Verdict(
            LIBRARY_MEAN,
            "No model guesses these ratings better than their average: "
            f"it is off by {_stars(test, LIBRARY_MEAN)} stars.",
        )
    off = f"its guesses are off by {_stars(test, best)} stars"
    if best == present:
        return Verdict(best, f"The {best} model is best for this library: {off}.")
    gain = test.against[best][present]
    size = f"{-100 * gain.change:.0f} % smaller error than {present}"
    surely = f"(± {100 * gain.error:.0f} %)"
    if gain.change > -2 * gain.error:
        return Verdict(
            present,
            f"The {best} model has {size} {surely}, which may be chance: {off}.",
        )
    return Verdict(
        best, f"The {best} model is best for this library: {off}, {size} {surely}."
    )


def _stars(test: Backtest, name: str) -> str:
    return f"{test.scores[name].rmse / 2:.2f}"
