"""The texts and numbers of tags: one book for the whole server."""

TAG_TYPES = ("genre", "mood", "style", "country", "collection", "label")


class TagBook:
    """Gives each tag of a type one number and one spelling.

    Tags that differ only by case are one tag; the first spelling stays.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[int, str]] = {}

    def spell(self, tag_type: str, text: str) -> str:
        """Return the spelling under which the tag is stored."""
        return self._entry(tag_type, text)[1]

    def number(self, tag_type: str, text: str) -> int:
        """Return the tag's number, as used in filters."""
        return self._entry(tag_type, text)[0]

    def _entry(self, tag_type: str, text: str) -> tuple[int, str]:
        key = (tag_type, text.casefold())
        return self._known.setdefault(key, (len(self._known) + 31, text))
