"""What a run takes as given: how ratings are inferred, and how exactly written."""

from dataclasses import replace

from engine.evaluation.tuning import mean_of
from engine.evidence import LibraryView
from engine.hierarchical.evidence_filters import Filler, with_doubles, without_filler
from engine.hierarchical.fitting import fit
from engine.planning.plan import RunParameters, drift_tolerance
from tasks.config.settings import Settings


def with_chosen_evidence(everything: LibraryView, settings: Settings) -> LibraryView:
    """Return the library with those ratings as evidence that are to count."""
    part = with_doubles(everything) if settings.twins else everything
    filler = settings.filler
    return part if filler == Filler() else without_filler(part, filler)


def parameters_of(
    settings: Settings, everything: LibraryView, finest: float
) -> RunParameters:
    """Return what a run that began now would take as given.

    Args:
        settings: What the user chose.
        everything: The whole library.
        finest: The least step in which the server keeps ratings, points.
    """
    grid = settings.grid
    return RunParameters(
        mean=mean_of(everything),
        tolerance=drift_tolerance(
            len(everything.tracks), dynamic=settings.dynamic_precision
        ),
        constants=settings.constants,
        fit=fit(everything) if settings.model == "hierarchical" else None,
        grid=replace(grid, step=max(grid.step, finest)),
        least=settings.min_confidence,
    )
