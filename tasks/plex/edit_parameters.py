"""What an edit asks of Plex, in Plex's own spelling."""

from urllib.parse import quote

from engine.edits import Edit

Wishes = dict[str, str | int]
"""Parameters of a request."""


def wishes_of(edit: Edit, *, conditional: bool = False) -> Wishes:
    """Return the parameters that change items, besides those that name them.

    Args:
        edit: What is to change.
        conditional: Whether items are left alone that a person rated since: the
            request then also filters by date. Items that were never rated have no
            date, and Plex takes that for an early one. A date that is unknown to us
            may be any, so such an item would never be written: it is not guarded.
    """
    wishes: Wishes = {}
    if edit.rates:
        wishes["userRating.value"] = decimal(edit.points)
        wishes["userRating.locked"] = int(edit.rating_locked)
    if edit.tags:
        wishes["mood.locked"] = int(edit.mood_locked)
    for number, mood in enumerate(edit.adds):
        wishes[f"mood[{number}].tag.tag"] = mood
    if edit.drops:
        # Plex splits the value at commas and decodes each piece once more.
        wishes["mood[].tag.tag-"] = ",".join(map(quote, edit.drops))
    if conditional and edit.rated_until >= 0 and (edit.rates or edit.adds):
        wishes[f"{edit.level.word}.lastRatedAt<<"] = edit.rated_until + 1
    return wishes


def decimal(points: float | None) -> str:
    """Return points as they are written: short, exact to two decimals; None: empty.

    >>> decimal(7.3), decimal(10.0), decimal(None)
    ('7.3', '10', '')
    """
    if points is None:
        return ""
    return f"{points:.2f}".rstrip("0").rstrip(".")
