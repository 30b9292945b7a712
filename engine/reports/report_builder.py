"""From a library and what a model says of it to all panels of the report."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from engine.asking import NO_FILLER, to_ask
from engine.evaluation.tuning import left_out as left_out_of_albums
from engine.evidence import rated_rows
from engine.hierarchical.evidence_filters import Filler
from engine.hierarchical.leave_one_out import left_out
from engine.hierarchical.model import FittedLibrary, predict, predict_tracks
from engine.library import Level
from engine.planning.plan import PhasePlan, RunParameters
from engine.playlists.preview import Playlist
from engine.rating_scale import Floats, Stretch
from engine.reports.confidence import sureness_of
from engine.reports.discoveries import (
    against_critics,
    finds,
    forgotten_rows,
    gem_rows,
    surprises,
    twins,
)
from engine.reports.library_report import LibraryReport, Tested
from engine.reports.panels import (
    bars,
    changes,
    coverage,
    first_named,
    lines,
    placed,
    thresholds,
)
from engine.reports.picture import Picture

OTHERS = 2.0
"""Other ratings on its album from which on something is expected of a track."""


@dataclass(frozen=True)
class About:
    """What a report says besides what is in the library."""

    library: str
    date: str
    what: str
    """What happened, in a sentence."""
    is_planned: bool = True
    """Whether nothing of it was written yet."""
    notes: Sequence[str] = ()
    playlists: Sequence[Playlist] = ()
    tested: Tested | None = None
    right: dict[float, float] | None = None
    """By the last backtest, see `thresholds`."""
    seed: int = 0
    """Of what is asked next."""
    filler: Filler = NO_FILLER
    asked: int = 20


def report_of(
    picture: Picture,
    plans: Sequence[PhasePlan],
    parameters: RunParameters,
    about: About,
) -> LibraryReport:
    """Return the report of a library whose ratings were, or would be, inferred so.

    The picture is that of the library with the plans; it comes without guesses.
    """
    view, survey = picture.view, None
    if parameters.fit is not None:
        survey = FittedLibrary.of(view, parameters.fit)
        picture = with_guesses(picture, survey, parameters.stretch)
    return LibraryReport(
        **_rankings(picture),
        **_discoveries(picture, survey, parameters),
        library=about.library,
        date=about.date,
        what=about.what,
        is_planned=about.is_planned,
        model="classic" if survey is None else "hierarchical",
        artists=len(view.artists),
        albums=len(view.albums),
        tracks=len(view.tracks),
        yours=int(np.count_nonzero(~np.isnan(view.tracks.ownership.manual))),
        notes=about.notes,
        coverage=coverage(picture),
        bars=bars(picture),
        playlists=list(about.playlists),
        ask=first_named(
            *(picture, Level.TRACK),
            to_ask(view, about.asked, about.seed, about.filler),
        ),
        sureness=sureness_of(view, plans),
        tested=about.tested,
        thresholds=thresholds(picture, about.right or {}),
        changes=changes(picture, plans),
        changed=sum(map(len, plans)),
        taken_over=list(picture.taken_over),
        all_artists=lines(picture),
    )


def with_guesses(
    picture: Picture, survey: FittedLibrary, stretch: Stretch | None
) -> Picture:
    """Return a picture with what a fitted model says of its tracks and artists.

    Where guesses are drawn apart, so is how low they may be.
    """
    view, fit = picture.view, survey.fit
    tracks = predict_tracks(survey, np.arange(len(view.tracks)))
    if stretch:
        tracks = replace(tracks, low=stretch(tracks.low))
    artists = predict(view, fit, Level.ARTIST)
    return picture.with_guesses({Level.TRACK: tracks, Level.ARTIST: artists})


def _rankings(picture: Picture) -> dict[str, Any]:
    best_artists, worst_artists = placed(picture, Level.ARTIST)
    best_albums, worst_albums = placed(picture, Level.ALBUM)
    return {
        "best_artists": best_artists,
        "worst_artists": worst_artists,
        "best_albums": best_albums,
        "worst_albums": worst_albums,
    }


def _discoveries(
    picture: Picture, survey: FittedLibrary | None, parameters: RunParameters
) -> dict[str, Any]:
    above, below = against_critics(picture)
    return {
        "above_critics": above,
        "below_critics": below,
        "surprises": surprises(picture, *_expected(picture, survey, parameters)),
        "gems": finds(picture, gem_rows(picture)),
        "forgotten": finds(picture, forgotten_rows(picture)),
        "twins": twins(picture),
    }


def _expected(
    picture: Picture, survey: FittedLibrary | None, parameters: RunParameters
) -> tuple[Floats, Floats]:
    """Return what would be expected of each rated track without its rating."""
    view = picture.view
    expected, sd = np.full((2, len(view.tracks)), np.nan)
    if survey is not None:
        rows = np.flatnonzero(~np.isnan(view.tracks.evidence))
        expected[rows], sd[rows] = left_out(survey, rows)
        return expected, sd
    rows = rated_rows(view.tracks, view.tracks.items.parent)
    others = left_out_of_albums(view, parameters.mean, parameters.constants)
    guess = others.rated - others.errors(parameters.constants.confidence)
    expected[rows] = np.where(others.count >= OTHERS, guess, np.nan)
    return expected, sd
