"""Why a rating was inferred: its value taken apart into what speaks for it."""

from dataclasses import dataclass, replace

import numpy as np

from engine.classic import Constants, album_up, critic_points
from engine.evidence import LibraryView, rated_rows
from engine.hierarchical.evidence_filters import doubles_of, duplicate_rating
from engine.hierarchical.fitting import Fit
from engine.hierarchical.gaussian_tree import messages_of
from engine.hierarchical.model import FittedLibrary
from engine.hierarchical.observations import rated_rows_of
from engine.hierarchical.rating_scale_usage import HIGHEST, LOWEST
from engine.library import Level
from engine.rating_scale import Floats, Ints, Stretch


@dataclass(frozen=True)
class Reason:
    """One thing that a value is made of."""

    what: str
    """`level`, `critic`, `rating`, `column`, `gravity`, `measure`, `scale`, `spread`
    or, of the same recording, `double`."""
    name: str
    """The rated item, or what is known of the track, such as `plays`."""
    adds: float
    """Points; those of all reasons add up to the value."""
    weight: float = 0.0
    """Of a rating or critic: what one point more of it would add, points."""
    rating: float | None = None
    """Points."""
    level: Level | None = None
    """Of the rated item."""
    key: int | None = None
    """Plex's ratingKey of the rated item."""


@dataclass(frozen=True)
class Why:
    """What a value is made of: what all share, then by how much it matters."""

    value: float
    """Points, before rounding and before small drift is forgiven."""
    reasons: tuple[Reason, ...]


def with_stretch(why: Why, stretch: Stretch) -> Why:
    """Return why a guess of a track has its value once it is drawn apart."""
    value = float(stretch(np.array([why.value]))[0])
    drawn = Reason("spread", "guesses are drawn apart (SPREAD)", value - why.value)
    return Why(value, (*why.reasons, drawn))


def why_double(part: LibraryView, level: Level, row: int) -> Why | None:
    """Return why a track gets what its doubles were given; none: it has none."""
    if level is not Level.TRACK or np.isnan(duplicate_rating(part)[row]):
        return None
    tracks, same = part.tracks, doubles_of(part)
    rated = ~np.isnan(tracks.evidence) & ~np.isnan(tracks.ownership.manual)
    heard = np.flatnonzero(rated & (same == same[row])).tolist()
    share = 1 / len(heard)
    reasons = [
        _rated(part, level, at, share, share * float(tracks.evidence[at]))
        for at in heard
    ]
    return _why([replace(reason, what="double") for reason in reasons])


def why_classic(
    part: LibraryView, level: Level, row: int, mean: float, constants: Constants
) -> Why:
    """Return why the classic model gives an item its value."""
    is_up = level is not Level.TRACK
    if level is Level.ALBUM:
        is_up = not np.isnan(album_up(part, mean, constants)[row])
    if is_up:
        return _averaged(part, level, row, mean, constants)
    storey, above = Level(level - 1), int(part[level].items.parent[row])
    rating = float(part[storey].ownership.manual[above])
    if np.isnan(rating):
        return why_classic(part, storey, above, mean, constants)
    gravity = {
        Level.ALBUM: constants.album_gravity,
        Level.TRACK: constants.track_gravity,
    }[level]
    given = _rated(part, storey, above, 1.0, rating - mean)
    pull = Reason("gravity", "drawn to the library mean", gravity * (mean - rating))
    return _why([_level(mean), given, pull])


def _averaged(
    part: LibraryView, level: Level, row: int, mean: float, constants: Constants
) -> Why:
    """Return why an item has its Bayesian average."""
    of_track, of_album = part.tracks.items.parent, part.albums.items.parent
    parents = {Level.TRACK: of_track}
    if level is Level.ARTIST:
        parents = {Level.TRACK: of_album[of_track], Level.ALBUM: of_album}
    beneath = [
        (own, int(rated))
        for own, parent in parents.items()
        for rated in rated_rows(part[own], parent)
        if parent[rated] == row
    ]
    share = 1 / (constants.confidence + len(beneath))
    reasons = [_level(mean)]
    critic = float(critic_points(part[level].items.critic, constants)[row])
    if not np.isnan(critic):
        both = constants.critic_weight + constants.global_weight
        weight = constants.critic_weight / both * constants.confidence * share
        adds = weight * (critic - mean)
        reasons.append(Reason("critic", "critics", adds, weight, critic))
    reasons += [
        _rated(part, own, at, share, share * (float(part[own].evidence[at]) - mean))
        for own, at in beneath
    ]
    return _why(reasons)


def why_hierarchical(part: LibraryView, fit: Fit, level: Level, row: int) -> Why:
    """Return why the hierarchical model gives an item its value.

    A rating adds by how much it is better than expected of a track like it.
    """
    survey = FittedLibrary.of(part, fit)
    rows, numbers = _seen_from(survey, level, row)
    slopes = survey.mixture.level
    effects = numbers.mean(axis=0) * slopes
    names = [("column", scale.name) for scale in fit.scales]
    names += [("column", f"genre {name}") for name in fit.genres]
    reasons = [_level(float(slopes[0]))]
    reasons += [
        Reason(what, name, float(adds))
        for (what, name), adds in zip(names, effects[1:], strict=True)
        if adds
    ]
    weight, adds = _pulls(survey, rows)
    speakers = rated_rows_of(part, survey.branches)
    for at in np.flatnonzero(weight):
        reasons.append(
            _rated(part, *speakers.of(int(at)), float(weight[at]), float(adds[at]))
        )
    if level is Level.ALBUM and fit.worth.offset:
        reasons.append(Reason("measure", "albums beside tracks", -fit.worth.offset))
    value = sum(reason.adds for reason in reasons)
    clipped = min(max(value, LOWEST), HIGHEST)
    if clipped != value:
        reasons.append(Reason("scale", "end of the scale", clipped - value))
    return _why(reasons)


def _seen_from(survey: FittedLibrary, level: Level, row: int) -> tuple[Ints, Floats]:
    """Return of which rows of `views` an item is the mean, and their numbers."""
    albums = survey.album_rows()
    if level is Level.TRACK:
        at = albums[survey.branches.album[[row]]]
        return at, survey.reader.rows(np.array([row]))
    if level is Level.ALBUM:
        return albums[[row]], survey.album_numbers[[row]]
    own = np.flatnonzero(survey.part.albums.items.parent == row)
    if survey.branches.is_nobody[row] and len(own):
        return albums[own], survey.album_numbers[own]
    at = len(survey.sums.places) + survey.artist_rows()[[row]]
    return at, survey.artist_numbers()[[row]]


def _pulls(survey: FittedLibrary, rows: Ints) -> tuple[Floats, Floats]:
    """Return the weight of each rating in the mean of some views, and its effect."""
    sums, ratings = survey.sums, survey.ratings
    of_album = sums.album_of
    within = ratings.weight / sums.count[of_album]
    weight, adds = np.zeros(len(of_album)), np.zeros(len(of_album))
    for candidate in survey.fit.candidates:
        shares, messages = candidate.shares, messages_of(sums, candidate.shares)
        spread = shares.artist / (1 + shares.artist * messages.heard)
        told = spread[sums.artist] * messages.precision
        pull = np.zeros(len(of_album))
        for at in rows:
            if at >= len(sums.places):
                artist = at - len(sums.places)
                pull += (sums.artist == artist)[of_album] * told[of_album] * within
                continue
            own = shares.album * sums.count[at]
            own /= own + shares.own
            same = (sums.artist == sums.artist[at]) * told * (1 - own)
            same[at] += own
            pull += same[of_album] * within
        pull *= candidate.weight / len(rows)
        weight += pull
        adds += pull * (ratings.points - ratings.numbers @ np.array(candidate.slopes))
    return weight, adds


def _level(mean: float) -> Reason:
    return Reason("level", "library mean", mean)


def _rated(
    part: LibraryView, level: Level, row: int, weight: float, adds: float
) -> Reason:
    view = part[level]
    return Reason(
        what="rating",
        name=str(view.items.title[row]),
        adds=adds,
        weight=weight,
        rating=float(view.evidence[row]),
        level=level,
        key=int(view.items.key[row]),
    )


def _why(reasons: list[Reason]) -> Why:
    first, *others = reasons
    others.sort(key=lambda reason: -abs(reason.adds))
    return Why(sum(reason.adds for reason in reasons), (first, *others))
