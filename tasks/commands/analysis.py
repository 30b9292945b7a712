"""What your own ratings say of the models, and the models of an item."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.errors import UsageError
from engine.evaluation.backtest import Backtest, Verdict, verdict
from engine.evaluation.backtest import backtest as compare
from engine.evaluation.predictors import TREE, usual_methods
from engine.evaluation.tuning import Tuning
from engine.evaluation.tuning import tune as fit_constants
from engine.evidence import LibraryView
from engine.hierarchical.fitting import Fit
from engine.hierarchical.model import predict
from engine.library import Level
from engine.partition import fold_name
from engine.planning.plan import RunParameters
from engine.reports.explanation import (
    Why,
    why_classic,
    why_double,
    why_hierarchical,
    with_stretch,
)
from tasks.config.config_file import change
from tasks.config.field_types import CONSTANTS, ModelChoice
from tasks.config.saved_backtest import save_backtest
from tasks.runtime.context import RunContext
from tasks.sync.reconcile import snapshot_of
from tasks.sync.steps import parameters_of, read

NAMED = 10
"""How many items a complaint names."""
USUAL = "track5"
"""The regime that says most of what a run infers."""


@dataclass(frozen=True)
class Explained:
    """Why an item has, or would have, its inferred rating."""

    item: str
    model: str
    manual: float | None
    """What a person gave it, points: that stays."""
    why: Why
    uncertainty: dict[str, float] | None
    """What is known besides the value, see `Estimates`; None: nobody can say, such as
    the classic model."""


def backtest(
    context: RunContext, regime: str, folder: Path
) -> tuple[Backtest, Verdict]:
    """Hide ratings, let every model guess them, and say which is best.

    What came of hiding tracks, the usual regime, is kept in a folder of reports, as far
    as that can be written.
    """
    methods = usual_methods(context.settings.constants)
    del methods[TREE]  # nobody can choose it
    test = compare(_library(context), methods, regime)
    found = verdict(test, context.settings.model)
    identity, date = context.gateway.identity, f"{context.machine.date:%Y-%m-%d}"
    if regime != USUAL:
        return test, found
    with suppress(UsageError):
        save_backtest(folder, identity, date, test, found)
    return test, found


def tune(context: RunContext, path: Path | None) -> Tuning:
    """Fit the constants of the classic model, and write them to a configuration."""
    tuning = fit_constants(_library(context), context.settings.constants)
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

    The item is a ratingKey, or a text such as `artist / album / track`; without a
    model the configured one is asked.
    """
    settings = context.settings
    settings = settings.model_copy(update={"model": model or settings.model})
    part = _library(context)
    level, row, name = _found(part, wanted)
    parameters = parameters_of(settings, part, context.executor.capabilities.step)
    manual = float(part[level].ownership.manual[row])
    reasons, uncertainty = why_double(part, level, row), None
    if reasons is None:
        reasons = _why_guessed(part, parameters, level, row)
        uncertainty = _uncertainty(part, parameters.fit, level, row)
    return Explained(
        item=f"{level.word} {name}",
        model=settings.model,
        manual=None if np.isnan(manual) else manual,
        why=reasons,
        uncertainty=uncertainty,
    )


def _why_guessed(
    part: LibraryView, parameters: RunParameters, level: Level, row: int
) -> Why:
    mean, constants, fit = parameters.mean, parameters.constants, parameters.fit
    reasons = (
        why_classic(part, level, row, mean, constants)
        if fit is None
        else why_hierarchical(part, fit, level, row)
    )
    if level is Level.TRACK and parameters.stretch:
        return with_stretch(reasons, parameters.stretch)
    return reasons


def _uncertainty(
    part: LibraryView, fit: Fit | None, level: Level, row: int
) -> dict[str, float] | None:
    if fit is None:
        return None
    (known,) = predict(part, fit, level).take(np.array([row])).known()
    return {name: own for name, own in known.items() if own is not None}


def _library(context: RunContext) -> LibraryView:
    return snapshot_of(context, read(context)).everything


def _found(part: LibraryView, wanted: str) -> tuple[Level, int, str]:
    """Return where an item is, and its name with what it belongs to.

    Raises:
        UsageError: There is no such item, or more than one.
    """
    artists, albums, tracks = part.artists.items, part.albums.items, part.tracks.items
    of_albums = artists.title[albums.parent] + " / " + albums.title
    of_tracks = of_albums[tracks.parent] + " / " + tracks.title
    names = (artists.title, of_albums, of_tracks)
    text = fold_name(wanted)
    found = [
        (level, row, name)
        for level, of_level in zip(Level, names, strict=True)
        for row, name in enumerate(of_level)
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
        f"{level.word} {part[level].items.key[row]} ({name})"
        for level, row, name in found[:NAMED]
    ]
    more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
    raise UsageError(
        f"{wanted!r} may be any of these; give a ratingKey: {', '.join(some)}{more}."
    )
