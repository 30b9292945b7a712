"""Tracks that are no music, such as skits: their ratings say nothing of an album."""

import re
from dataclasses import dataclass, replace

import numpy as np

from engine.evidence import LibraryView
from engine.library import Items
from engine.rating_scale import Bools


@dataclass(frozen=True)
class Filler:
    """By which rules a track is filler; without any, none is."""

    shortest: float = 0.0
    """Seconds; a shorter track is filler. Unknown lengths are not short."""
    words: tuple[str, ...] = ()
    """Whole words of a title, in either case, such as `intro` or `skit`."""


def filler_of(tracks: Items, rules: Filler) -> Bools:
    """Say which tracks are filler."""
    known = tracks.duration > 0
    short: Bools = known & (tracks.duration < 1000 * rules.shortest)
    if not rules.words:
        return short
    words = "|".join(re.escape(word) for word in rules.words)
    pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE)
    named = (pattern.search(title) is not None for title in tracks.title)
    return short | np.fromiter(named, np.bool_, len(tracks))


def without_filler(part: LibraryView, rules: Filler) -> LibraryView:
    """Return the part with deaf ears for ratings of filler.

    They stay a person's and are never touched, but nothing is learned from them.
    """
    filler = filler_of(part.tracks.items, rules)
    heard = np.where(filler, np.nan, part.tracks.evidence)
    return replace(part, tracks=replace(part.tracks, heard=heard))
