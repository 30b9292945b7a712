"""Items come by their keys, whatever else a server sends along."""

from xml.etree.ElementTree import Element

import numpy as np

from tasks.plex.pagination import ItemPages


def page(*keys: int) -> list[Element]:
    return [Element("Track", ratingKey=str(key)) for key in keys]


def test_what_nobody_asked_for_is_left_out():
    pages = ItemPages(lambda _: page(1, 7, 2, 7, 8))

    found = pages.read(np.array([1, 2]))

    assert [element.get("ratingKey") for element in found] == ["1", "2"]


def test_what_never_comes_is_asked_for_once_more_at_most():
    asked = []

    def ask(path):
        asked.append(path)
        return page(1)

    found = ItemPages(ask).read(np.array([1, 2]))

    assert len(found) == 1
    assert len(asked) == 2
