"""What tells an item from all others wherever it is: external ids and its file."""

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from engine.saved_ratings.candidates import Details, DetailsByKey
from engine.saved_ratings.sources import path_tail
from tasks.plex.parsing import key_of


def details_of(elements: Iterable[Element]) -> DetailsByKey:
    """Return the details of items by ratingKey; those without a key are left out."""
    return {
        key: Details(_ids(element), _path_tail(element))
        for element in elements
        if (key := key_of(element)) >= 0
    }


def _ids(element: Element) -> tuple[str, ...]:
    ids = {one.get("id", "") for one in element.findall("Guid")}
    return tuple(sorted(one for one in ids if one and not set(one) & set(" \t\n")))


def _path_tail(element: Element) -> str:
    """Return the end of the path of an item's first file; empty: it has none."""
    part = element.find("Media/Part")
    return "" if part is None else path_tail(part.get("file", ""))
