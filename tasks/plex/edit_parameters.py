"""An edit as the parameters of a request."""

from urllib.parse import quote

from engine.edits import Edit


def parameters_of(edit: Edit, *, conditional: bool) -> dict[str, str | int]:
    """Return the parameters that change items, besides those that name them.

    A conditional request also filters by date. Items that were never rated have no
    date, and Plex takes that for an early one. A date that is unknown to us may be
    any, so such an item would never be written: it is not guarded.
    """
    parameters: dict[str, str | int] = {}
    if edit.rates:
        points = "" if edit.points is None else decimal(edit.points)
        parameters["userRating.value"] = points
        parameters["userRating.locked"] = int(edit.rating_locked)
    if edit.tags:
        parameters["mood.locked"] = int(edit.mood_locked)
    for number, mood in enumerate(edit.adds):
        parameters[f"mood[{number}].tag.tag"] = mood
    if edit.drops:
        # Plex splits the value at commas and decodes each piece once more.
        parameters["mood[].tag.tag-"] = ",".join(map(quote, edit.drops))
    is_meant = edit.rates or edit.adds or edit.spares_rated
    if conditional and edit.rated_until >= 0 and is_meant:
        parameters[f"{edit.level.word}.lastRatedAt<<"] = edit.rated_until + 1
    return parameters


def decimal(points: float) -> str:
    """Return points as they are written: short, exact to two decimals.

    >>> decimal(7.3), decimal(10.0)
    ('7.3', '10')
    """
    return f"{points:.2f}".rstrip("0").rstrip(".")
