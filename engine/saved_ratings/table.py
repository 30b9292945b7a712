"""Ratings as rows of a table that any program can read: a CSV file."""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO

from engine.errors import UsageError
from engine.library import Level
from engine.plain_text import spreadsheet_cell, without_apostrophe

HIGHEST = 5.0
"""Stars."""

MANUAL, INFERRED = "manual", "inferred"

LEVELS = {level.word: level for level in Level}

COLUMNS = (
    *("level", "stars", "rated_at", "artist", "album", "title", "seconds"),
    *("disc", "number", "guid", "ids", "path", "key"),
)
"""The columns of a backup, in their order."""


@dataclass(frozen=True)
class SavedRating:
    """A rating outside Plex, with all that may tell which item it belongs to.

    What is not known is empty, 0 or, of the key, −1.
    """

    level: Level
    points: float
    """0 to 10."""
    rated_at: int = 0
    """When it was given, epoch seconds."""
    artist: str = ""
    album: str = ""
    title: str = ""
    """Of the item itself; an artist's is in both."""
    duration: int = 0
    """Milliseconds."""
    disc: int = 0
    number: int = 0
    """The place on the disc, from 1."""
    guid: str = ""
    ids: tuple[str, ...] = ()
    """Identifiers of other services, such as mbid://…"""
    path: str = ""
    """The end of the file's path: at most two folders, and its name."""
    key: int = -1
    """Plex's ratingKey when it was saved: a hint."""
    rating_type: str = ""
    """MANUAL or INFERRED, if the file says that; else empty."""
    is_unchanged: bool = False
    """Whether the rating is as it was exported."""
    was_exported: bool = False
    """Whether the file says what was exported."""

    @property
    def named(self) -> str:
        """The item as a person would look for it."""
        names = dict.fromkeys(filter(None, (self.artist, self.album, self.title)))
        return f"{self.level.word} {' / '.join(names) or self.guid or self.key}"

    @property
    def told(self) -> str:
        """The item with its rating, for people."""
        return f"{self.named}: {self.stars} stars"

    @property
    def stars(self) -> str:
        """The rating for people."""
        return f"{self.points / 2:g}"


@dataclass
class RatingsFile:
    """What a file of ratings says."""

    ratings: list[SavedRating] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """Rows that could not be understood, each with its line and the reason."""


def csv_of(ratings: Iterable[SavedRating]) -> str:
    """Return ratings as the text of a CSV file."""
    return table_of(COLUMNS, map(cells_of, ratings))


def table_of(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows of cells as the text of a CSV file."""
    text = StringIO()
    table = csv.writer(text)
    table.writerow(heads)
    table.writerows([spreadsheet_cell(cell) for cell in row] for row in rows)
    return text.getvalue()


def cells_of(rating: SavedRating) -> list[object]:
    """Return a rating as the cells of `COLUMNS`; what is unknown is empty."""
    return [
        *(rating.level.word, stars_of(rating.points), _date(rating.rated_at)),
        *(rating.artist, rating.album, rating.title),
        f"{rating.duration / 1000:g}" if rating.duration else "",
        *(rating.disc or "", rating.number or "", rating.guid),
        *(" ".join(rating.ids), rating.path, rating.key),
    ]


def stars_of(points: float) -> str:
    """Return points as stars; what is unrated, or cannot be read, is empty.

    >>> stars_of(9.0), stars_of(7.33), stars_of(math.nan)
    ('4.5', '3.665', '')
    """
    return f"{points / 2:.4g}" if math.isfinite(points) else ""


def _date(seconds: int) -> str:
    if seconds <= 0:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_csv(text: str, name: str) -> RatingsFile:
    """Read ratings from the text of a CSV file with the columns of a backup.

    Columns may stand in any order; only level and stars must be there. Rows without
    stars say nothing.

    Raises:
        UsageError: It is no such file; `name` says which.
    """
    found, (heads, rows) = RatingsFile(), read_rows(text, name)
    missing = [column for column in ("level", "stars") if column not in heads]
    if missing:
        raise UsageError(
            f"{name} has no column {' and no column '.join(missing)}: its first line "
            f"must name the columns, such as {', '.join(COLUMNS[:6])}."
        )
    for line, cells in rows:
        try:
            if cells["stars"].strip():
                found.ratings.append(rating_of(cells))
        except ValueError as error:
            found.left_out.append(f"line {line}: {error}")
    return found


NumberedRows = list[tuple[int, Mapping[str, str]]]


def read_rows(text: str, name: str) -> tuple[set[str], NumberedRows]:
    """Return the columns of a CSV file, and its rows by column, with their lines.

    Raises:
        UsageError: It is no CSV file.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    # Excel writes semicolons where the comma is the decimal sign.
    delimiter = ";" if first.count(";") > first.count(",") else ","
    table = csv.DictReader(StringIO(text), restval="", delimiter=delimiter)
    try:
        heads = [(head or "").strip().casefold() for head in table.fieldnames or ()]
        table.fieldnames = heads
        return set(heads), [
            (
                table.line_num,
                {k: without_apostrophe(v or "") for k, v in row.items() if k},
            )
            for row in table
        ]
    except csv.Error as error:
        raise UsageError(f"{name} is no CSV file: {error}.") from None


def rating_of(cells: Mapping[str, str]) -> SavedRating:
    """Return what a row says.

    Raises:
        ValueError: It cannot be understood.
    """
    word = cells["level"].strip().casefold()
    if word not in LEVELS:
        raise ValueError(f"level {cells['level']!r} is not artist, album or track")
    return SavedRating(
        level=LEVELS[word],
        points=points_of(cells["stars"]),
        rated_at=_seconds(cells.get("rated_at", "").strip()),
        artist=cells.get("artist", ""),
        album=cells.get("album", ""),
        title=cells.get("title", ""),
        duration=round(1000 * _number(cells, "seconds")),
        disc=int(_number(cells, "disc")),
        number=int(_number(cells, "number")),
        guid=cells.get("guid", "").strip(),
        ids=tuple(cells.get("ids", "").split()),
        path=cells.get("path", ""),
        key=int(_number(cells, "key", -1)),
        rating_type=_rating_type(cells.get("rating_type", "")),
        is_unchanged=_is_unchanged(cells),
        was_exported=bool(cells.get("exported", "").strip()),
    )


def _is_unchanged(cells: Mapping[str, str]) -> bool:
    """Whether the stars are those that were exported, however they are written."""
    exported = cells.get("exported", "").strip()
    try:
        return bool(exported) and points_of(cells["stars"]) == points_of(exported)
    except ValueError:
        return False


def _rating_type(cell: str) -> str:
    word = cell.strip().casefold()
    if word in {MANUAL, INFERRED, ""}:
        return word
    raise ValueError(f"rating_type {cell!r} is not manual or inferred")


def points_of(stars: str) -> float:
    """Return stars from 0 to 5 as points.

    Raises:
        ValueError: They are none.

    >>> points_of("4.5"), points_of("3,5")
    (9.0, 7.0)
    """
    try:
        value = float(stars.replace(",", "."))
    except ValueError:
        value = math.nan
    if not 0 <= value <= HIGHEST:
        raise ValueError(f"stars {stars!r} is not a number from 0 to 5")
    return round(2 * value, 2)


def _number(cells: Mapping[str, str], name: str, default: float = 0) -> float:
    """Return what a cell says that only helps to find the item; else a default."""
    try:
        value = float(cells.get(name, "").replace(",", "."))
    except ValueError:
        return default
    return value if 0 <= value < 2**53 else default


def _seconds(date: str) -> int:
    """Return a date as epoch seconds; 0: there is none that can be read."""
    try:
        moment = datetime.fromisoformat(date)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        return 0
