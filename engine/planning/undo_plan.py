"""Taking back what we wrote: which requests give every item what it had before."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.classic import Phase
from engine.edits import Edit, latest_date
from engine.library import Level, Library
from engine.ownership import Owner
from engine.partition import chosen_letters, fold_name, parse_letters
from engine.planning.batches import ItemStates, chunks
from engine.rating_scale import Bools, Texts


@dataclass(frozen=True)
class Selection:
    """Which of our ratings are to be taken back; empty fields choose all."""

    run: str = ""
    letters: str = ""
    phases: tuple[Phase, ...] = tuple(Phase)
    artist: str = ""

    def __post_init__(self) -> None:
        """Understand the letters at once: "all" chooses all, too."""
        object.__setattr__(self, "letters", str(parse_letters(self.letters)))

    @property
    def is_of_some_artists(self) -> bool:
        """Whether only the ratings of some artists are meant."""
        return bool(self.letters or self.artist)

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def of(self, library: Library, level: Level) -> Bools:
        """Say which of all listed items of a level are meant, by artist and letter."""
        letters = chosen_letters(self.letters, library.letter)
        wanted = np.isin(library.letters(level).astype(str), letters)
        outside = len(library.listed(level)) - len(library[level])
        if self.artist:
            titles = library.artists.title[library.artist_row(level)]
            name = fold_name(self.artist)
            is_meant = [fold_name(title) == name for title in titles]
            wanted &= np.array(is_meant, np.bool_)
        # What belongs nowhere is under no letter, and of no artist.
        return np.append(wanted, np.full(outside, not self.is_of_some_artists))


@dataclass
class Undone:
    """What became of our ratings when they were taken back."""

    dry_run: bool
    undone: int = 0
    """Ratings removed; in a dry run: that would be."""
    given_back: int = 0
    """Items that hold again what they held before an import or a restore."""
    kept: int = 0
    """Ratings that a person changed since: they stay."""
    gone: int = 0
    """Recorded items that Plex does not list; they stay on record."""
    failed: int = 0
    """Ratings that are still there."""
    unreadable: list[str] = field(default_factory=list)
    """Ratings of ours that cannot be read now: they stay, in Plex and on record."""
    swept: list[str] = field(default_factory=list)
    """Tagged items that nobody recorded, off the half-star grid: removed."""
    untagged: list[str] = field(default_factory=list)
    """Tagged items that nobody recorded, on the grid: they only lost the tag."""
    reads: int = 0
    writes: int = 0
    rested: float = 0.0


def is_ours(owner: NDArray[np.int8]) -> Bools:
    """Say where a rating is ours, or may still arrive in Plex as ours."""
    return np.isin(owner, (Owner.US, Owner.WRITTEN, Owner.UNWRITTEN, Owner.CLEARED))


def reversals(
    level: Level, look: ItemStates, clears: Bools, drops: Texts
) -> Iterator[Edit]:
    """Group items by what they lose and by their present locks into requests.

    Locks stay as they are: we never change one, so a lock that was not there
    before is a person's. Each item loses its rating if it `clears`, and a tuple of
    tags that it `drops`, which may be empty.
    """
    groups: dict[tuple[bool, tuple[str, ...], bool, bool], list[int]] = {}
    columns = zip(clears, drops, look.mood_locked, look.rating_locked, strict=True)
    for row, (clear, names, mood, rating) in enumerate(columns):
        if clear or names:
            wish = (bool(clear), tuple(names), bool(mood), bool(rating))
            groups.setdefault(wish, []).append(row)
    for (clear, names, mood, rating), rows in groups.items():
        for chosen in chunks(np.array(rows)):
            yield Edit(
                level=level,
                key=look.key[chosen],
                rates=clear,
                rating_locked=rating,
                drops=names,
                mood_locked=mood,
                rated_until=latest_date(look.rated_at[chosen]),
            )
