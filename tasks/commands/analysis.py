"""What your own ratings say of the models, and the models of an item."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import UsageError
from engine.estimates import Estimates
from engine.evaluation.backtest import Backtest, Verdict, verdict
from engine.evaluation.backtest import backtest as compare
from engine.evaluation.predictors import TREE, usual_methods
from engine.evaluation.tuning import Tuning
from engine.evaluation.tuning import tune as fit_constants
from engine.evidence import LibraryView
from engine.hierarchical.model import predict
from engine.library import Level
from engine.partition import fold_name
from engine.rating_scale import Texts
from engine.reports.explanation import Why, why_classic, why_double, why_hierarchical
from tasks.config.config_file import change
from tasks.config.field_types import CONSTANTS, ModelChoice
from tasks.runtime.context import RunContext
from tasks.sync.reader import read
from tasks.sync.reconcile import snapshot_of
from tasks.sync.run_parameters import parameters_of

NAMED = 10
"""How many items a complaint names."""


@dataclass(frozen=True)
class Uncertainty:
    """How sure the hierarchical model is of an item; points."""

    sd: float
    low: float
    """Lower bound of the 80 % interval."""
    high: float
    """Its upper bound."""
    ratings: int
    """How many ratings it rests on: those beneath the same artist."""
    good: float
    """Probability of 3 stars or more."""
    poor: float
    """Probability of 2 stars or fewer."""
    confidence: float
    """0 as without any rating, 1 beyond doubt."""


@dataclass(frozen=True)
class Explained:
    """Why an item has, or would have, its inferred rating."""

    item: str
    model: str
    manual: float | None
    """What a person gave it, points: that stays."""
    why: Why
    uncertainty: Uncertainty | None
    """None: nobody can say, such as the classic model."""


def backtest(context: RunContext, regime: str) -> tuple[Backtest, Verdict]:
    """Hide ratings, let every model guess them, and say which is best."""
    methods = usual_methods(context.settings.constants)
    del methods[TREE]  # nobody can choose it
    test = compare(snapshot_of(context, read(context)).everything, methods, regime)
    return test, verdict(test, context.settings.model)


def tune(context: RunContext, path: Path | None) -> Tuning:
    """Fit the constants of the classic model, and write them to a configuration.

    Args:
        context: The context.
        path: The configuration; none: nothing is written.
    """
    tuning = fit_constants(
        snapshot_of(context, read(context)).everything, context.settings.constants
    )
    if path is not None:
        new = {
            CONSTANTS[name].upper(): value
            for own in tuning.changes
            for name, old, value in zip(own.names, own.old, own.new, strict=True)
            if value != old
        }
        change(path, new)
    return tuning


def why(context: RunContext, wanted: str, model: ModelChoice) -> Explained:
    """Take the inferred rating of an item apart.

    Args:
        context: The context.
        wanted: A ratingKey, or a text such as `artist / album / track`.
        model: Which model to ask; empty: the configured one.
    """
    settings = context.settings
    settings = settings.model_copy(update={"model": model or settings.model})
    part = snapshot_of(context, read(context)).everything
    level, row = _found(part, wanted)
    parameters = parameters_of(settings, part, context.executor.capabilities.step)
    manual = float(part[level].ownership.manual[row])
    double, uncertainty = why_double(part, level, row), None
    if double is not None:
        reasons = double
    elif parameters.fit is None:
        reasons = why_classic(part, level, row, parameters.mean, parameters.constants)
    else:
        reasons = why_hierarchical(part, parameters.fit, level, row)
        uncertainty = _uncertainty(predict(part, parameters.fit, level), row)
    return Explained(
        item=f"{level.word} {_names(part)[level][row]}",
        model=settings.model,
        manual=None if np.isnan(manual) else manual,
        why=reasons,
        uncertainty=uncertainty,
    )


def _uncertainty(found: Estimates, row: int) -> Uncertainty:
    return Uncertainty(
        sd=float(found.sd[row]),
        low=float(found.low[row]),
        high=float(found.high[row]),
        ratings=int(found.ratings[row]),
        good=float(found.good[row]),
        poor=float(found.poor[row]),
        confidence=float(found.confidence[row]),
    )


def _names(part: LibraryView) -> dict[Level, Texts]:
    """Return the names of all items with what they belong to."""
    artists, albums, tracks = part.artists.items, part.albums.items, part.tracks.items
    of_albums = artists.title[albums.parent] + " / " + albums.title
    of_tracks = of_albums[tracks.parent] + " / " + tracks.title
    return {
        Level.ARTIST: artists.title,
        Level.ALBUM: of_albums,
        Level.TRACK: of_tracks,
    }


def _found(part: LibraryView, wanted: str) -> tuple[Level, int]:
    """Return where an item is.

    Raises:
        UsageError: There is no such item, or more than one.
    """
    text = fold_name(wanted)
    names = _names(part)
    found = [
        (level, row)
        for level in Level
        for row, name in enumerate(names[level])
        if fold_name(name) == text or str(part[level].items.key[row]) == text
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"There is no {wanted!r} in this library. Give a ratingKey, or names "
            "as in: artist / album / track."
        )
    some = [
        f"{level.word} {part[level].items.key[row]} ({names[level][row]})"
        for level, row in found[:NAMED]
    ]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise UsageError(
        f"{wanted!r} may be any of these; give a ratingKey: {', '.join(some)}{more}."
    )
