"""Under which letter an artist files, and in which order letters come."""

import unicodedata
from collections.abc import Iterable

from engine.errors import SettingsInvalid

SYMBOLS = "#"
"""The partition of digits, symbols and empty titles; it comes before A."""

UNFOLDABLE = str.maketrans("ÆŒØŁĐÐÞƏẞ", "AOOLDDTES")
"""Latin letters that Unicode does not decompose into a letter and an accent."""

ONE_SCRIPT = {
    "CJK": "漢",
    "HIRAGANA": "あ",
    "KATAKANA": "あ",
    "HANGUL": "한",
}
"""Scripts with thousands of signs: one partition each, named by a sign of it."""


def letter_of(title: str) -> str:
    """Return the partition of a (sort) title.

    Accents are folded, so É files under E; any letter of another alphabet is
    a partition of its own; a partition's name files under itself.

    >>> [letter_of(t) for t in ("Beatles", "Élan", "808", "Øya", "Кино", "椎名")]
    ['B', 'E', '#', 'O', 'К', '漢']
    """
    first = unicodedata.normalize("NFKD", title.strip()[:1]).upper()[:1]
    if not first.isalpha():
        return SYMBOLS
    script = unicodedata.name(first, "?").split(maxsplit=1)[0].split("-")[0]
    return ONE_SCRIPT.get(script, first.translate(UNFOLDABLE))


def order_of(letter: str) -> tuple[int, str]:
    """Return a sort key: # first, then A to Z, then the other alphabets."""
    return (0 if letter == SYMBOLS else 1, letter)


def in_order(letters: Iterable[str]) -> list[str]:
    """Return the distinct letters in the order in which they are worked on."""
    return sorted(set(letters), key=order_of)


def chosen_letters(wanted: str, present: Iterable[str]) -> list[str]:
    """Return the partitions that a choice in words means, in order.

    Args:
        wanted: Empty for all; "B, P" for a list; "from P" for P and all after
            it. A word stands for its first letter, in either case.
        present: The partitions of the library.

    Raises:
        SettingsInvalid: The library has no artist under a letter that is meant.

    >>> chosen_letters("from p", "ABPQ"), chosen_letters("Beatles,q", "ABPQ")
    (['P', 'Q'], ['B', 'Q'])
    """
    ordered = in_order(present)
    text = wanted.strip()
    if not text or text.lower() == "all":
        return ordered
    start = text[5:] if text.lower().startswith("from ") else ""
    if start:
        first = order_of(letter_of(start))
        asked = [letter for letter in ordered if order_of(letter) >= first]
    else:
        asked = in_order(letter_of(word) for word in text.split(",") if word.strip())
    absent = [letter for letter in asked if letter not in ordered]
    if absent or not asked:
        raise SettingsInvalid(
            f"No artist files under {', '.join(absent) or repr(text)}. "
            f"This library has: {' '.join(ordered)}."
        )
    return asked
