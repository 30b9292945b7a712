"""Ratings from elsewhere: spreadsheets of any scale, iTunes, lists of songs by star."""

import plistlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote
from xml.parsers.expat import ExpatError

from engine.errors import UsageError
from engine.library import Level
from engine.saved_ratings.table import (
    INFERRED,
    MANUAL,
    RatingsFile,
    SavedRating,
    points_of,
    rating_of,
    read_rows,
)

SCALES = {"stars": 5.0, "points": 10.0, "percent": 100.0}
"""The highest rating of each scale."""

SHOWN = 12
"""Values that are shown of a file, at most."""

TAIL = 3
"""Parts of a path that are compared: two folders and the name."""

STARS_IN_NAME = re.compile(
    r"(?<![\d.])([0-5](?:\.\d+)?)(?=\s*(?:★|-?stars?\b)|$)", re.IGNORECASE
)
"""How the name of a list says what its songs are rated: 4.5, or 5 stars."""

HEADS = {
    "ratingkey": "key",
    "rating_key": "key",
    "artist_name": "artist",
    "album_artist": "artist",
    "grandparenttitle": "artist",
    "album_name": "album",
    "album_title": "album",
    "parenttitle": "album",
    "track_name": "title",
    "track_title": "title",
    "name": "title",
    "userrating": "rating",
    "user_rating": "rating",
    "disc_number": "disc",
    "track_number": "number",
    "file": "path",
    "filepath": "path",
}
"""What other programs call our columns."""


@dataclass
class Source(RatingsFile):
    """The ratings of a file from elsewhere, and how they were understood."""

    scale: str = "stars"
    """One of `SCALES`."""
    skipped: int = 0
    """Ratings that the other program had computed by itself."""
    histogram: Counter[str] = field(default_factory=Counter)
    """How many ratings there are of each value, as the file writes them."""

    def mapping(self) -> list[str]:
        """Say how many ratings of which scale there are, and what becomes of each.

        Of many different values, the most frequent ones are shown.
        """
        top = SCALES[self.scale]
        frequent = [value for value, _ in self.histogram.most_common(SHOWN)]
        lines = [f"{len(self.ratings)} ratings, read as {self.scale}."]
        if self.skipped:
            lines.append(f"  {self.skipped} that the other program computed: skipped")
        lines += [
            f"  {value} → {5 * float(value) / top:g} stars: {self.histogram[value]}"
            for value in sorted(frequent, key=float)
        ]
        others = len(self.histogram) - len(frequent)
        return [*lines, *([f"  and {others} more values"] if others else [])]


def parse(text: str, name: str, *, scale: str = "", stars: str = "") -> Source:
    """Read ratings from a file of a kind that its content shows.

    Args:
        text: The content.
        name: Of the file: errors name it, and a list may say its stars by it.
        scale: One of `SCALES`; empty: as the column or the values say.
        stars: Of a list of songs; empty: as its name says.

    Raises:
        UsageError: It cannot be understood.
    """
    beginning = text.lstrip("\ufeff \t\r\n")[:1000]
    if beginning.startswith(("<?xml", "<!DOCTYPE plist", "<plist")):
        return _itunes(text, name)
    if name.casefold().endswith((".m3u", ".m3u8")) or beginning.startswith("#EXTM3U"):
        return _song_list(text, name, stars)
    return _spreadsheet(text, name, scale)


def _spreadsheet(text: str, name: str, scale: str) -> Source:
    said, numbered = read_rows(text, name)
    heads = {HEADS.get(head, head) for head in said}
    rows = [(line, _renamed(cells)) for line, cells in numbered]
    column = "stars" if "stars" in heads else "rating"
    if column not in heads:
        raise UsageError(f"{name} has no column of ratings: call it stars or rating.")
    values = [cells[column].strip().replace(",", ".") for _, cells in rows]
    found = Source(scale=scale or ("stars" if column == "stars" else _scale_of(values)))
    for line, cells in rows:
        _note(found, line, cells, cells[column].strip())
    return found


def _renamed(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the cells of a row by our names of the columns."""
    row = {HEADS.get(head, head): cell for head, cell in cells.items()}
    track = row.pop("track", "")
    row.setdefault("number" if "title" in row else "title", track)
    kind = row.pop("type", "").strip().casefold()
    is_rating_type = kind in {MANUAL, INFERRED}
    row.setdefault("rating_type" if is_rating_type else "level", kind)
    return row


def _note(found: Source, line: int, cells: Mapping[str, str], value: str) -> None:
    """Note what a row says, or why it says nothing."""
    if not value:
        return
    try:
        stars = _stars(value, found.scale)
        is_ours = found.scale == "stars"
        known = {**cells, "level": cells.get("level", "").strip() or _level_of(cells)}
        exported = cells.get("exported", "") if is_ours else ""
        row = {**known, "stars": value if is_ours else stars, "exported": exported}
        found.ratings.append(rating_of(row))
        found.histogram[value.replace(",", ".")] += 1
    except ValueError as error:
        found.left_out.append(f"line {line}: {error}")


def _stars(value: str, scale: str) -> str:
    """Return a value of a scale as stars.

    Raises:
        ValueError: It is none.
    """
    try:
        number = float(value.replace(",", "."))
    except ValueError:
        number = -1.0
    if not 0 <= number <= SCALES[scale]:
        top = SCALES[scale]
        raise ValueError(f"rating {value!r} is not a number from 0 to {top:g}")
    return repr(5 * number / SCALES[scale])


def _scale_of(values: Iterable[str]) -> str:
    """Return the smallest scale on which all values are."""
    numbers = [float(v) for v in values if re.fullmatch(r"\d+(\.\d+)?", v)]
    highest = max(numbers, default=0.0)
    return next((name for name, top in SCALES.items() if highest <= top), "percent")


def _level_of(cells: Mapping[str, str]) -> str:
    """Return of what kind an item is that a row names by its titles only."""
    if cells.get("title", "").strip():
        return Level.TRACK.word
    return Level.ALBUM.word if cells.get("album", "").strip() else Level.ARTIST.word


def path_tail(path: str) -> str:
    r"""Return the end of a path: two folders and the name.

    >>> path_tail(r"D:\music\Abba\Arrival\01 Tiger.mp3")
    'Abba/Arrival/01 Tiger.mp3'
    """
    return "/".join(path.replace("\\", "/").split("/")[-TAIL:])


def _itunes(text: str, name: str) -> Source:
    """Read the XML of iTunes or Music; what they computed themselves is skipped."""
    try:
        library = plistlib.loads(text.encode(), fmt=plistlib.FMT_XML)
        tracks = library["Tracks"].values()
    except (ExpatError, plistlib.InvalidFileException, ValueError) as error:
        raise UsageError(f"{name} is no library of iTunes or Music: {error}.") from None
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{name} is XML, but no library of iTunes or Music.") from None
    found = Source(scale="percent")
    albums: dict[tuple[str, str], SavedRating] = {}
    for track in tracks:
        if isinstance(track, dict):
            _note_song(found, albums, track)
    found.ratings += albums.values()
    return found


def _note_song(
    found: Source, albums: dict[tuple[str, str], SavedRating], track: dict[str, Any]
) -> None:
    artist = str(track.get("Album Artist") or track.get("Artist") or "")
    album, title = str(track.get("Album", "")), str(track.get("Name", ""))
    location = unquote(str(track.get("Location", "")))
    for key in ("Rating", "Album Rating"):
        value = track.get(key)
        if not isinstance(value, int) or not 0 < value <= SCALES["percent"]:
            continue
        if track.get(f"{key} Computed"):
            found.skipped += 1
            continue
        saved = SavedRating(
            Level.TRACK, value / 10, artist=artist, album=album, title=title
        )
        if key == "Album Rating":
            if (artist, album) in albums:
                continue
            albums[artist, album] = replace(saved, level=Level.ALBUM, title=album)
        else:
            found.ratings.append(
                replace(
                    saved,
                    duration=_whole(track.get("Total Time")),
                    disc=_whole(track.get("Disc Number")),
                    number=_whole(track.get("Track Number")),
                    path=path_tail(location) if location else "",
                )
            )
        found.histogram[str(value)] += 1


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _song_list(text: str, name: str, stars: str) -> Source:
    """Read a list of songs that all have the same rating."""
    stem = name.rpartition(".")[0] or name
    in_name = STARS_IN_NAME.search(stem)
    said = (stars or (in_name[1] if in_name else "")).replace(",", ".").strip()
    if not said:
        raise UsageError(f"How many stars have the songs of {name}? Say it by --stars.")
    try:
        points = points_of(said)
    except ValueError as error:
        raise UsageError(f"{name}: {error}.") from None
    found, seconds = Source(), 0
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            told = re.match(r"#EXTINF:(\d+)", line)
            seconds = int(told[1]) if told else seconds
        elif line:
            duration, path = 1000 * seconds, path_tail(unquote(line))
            found.ratings.append(
                SavedRating(Level.TRACK, points, duration=duration, path=path)
            )
            found.histogram[said] += 1
            seconds = 0
    return found
