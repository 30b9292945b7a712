"""Under which letter an artist is filed, and in which order letters come."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from engine.errors import UsageError

SYMBOLS = "#"
"""The partition of digits, symbols and empty titles; it comes before A."""

UNFOLDABLE = str.maketrans("ÆŒØŁĐÐÞƏẞ", "AOOLDDTES")
"""Latin letters that Unicode does not decompose into a letter and an accent."""

ONE_SCRIPT = {"CJK": "漢", "HIRAGANA": "あ", "KATAKANA": "あ", "HANGUL": "한"}
"""Scripts with thousands of signs: one partition each, named by a sign of it."""

END = "\U0010ffff"
"""After the last letter of all alphabets."""

SEPARATORS = re.compile(r"[\s,;\u3001\uff0c\uff1b]+")
"""Between letters: also the commas and semicolons of East Asia."""

DASHES = re.compile(r"\s*[-\u2010-\u2015\u2212\uff0d]\s*")
"""Between the ends of a range: also what word processors make of a hyphen."""

NO_LETTERS = {"*", "-"}
"""Symbols that say something else where letters are chosen: all of them, a range."""


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


def fold_name(name: str) -> str:
    """Return a name for comparing: case and Unicode's forms of one sign do not count.

    >>> fold_name("Cafe\u0301 ") == fold_name("CAFÉ")
    True
    """
    decomposed = unicodedata.normalize("NFD", name.strip())
    return unicodedata.normalize("NFC", decomposed.casefold())


def in_order(letters: Iterable[str]) -> list[str]:
    """Return the distinct letters in the order in which they are worked on."""
    return sorted(set(letters), key=order_of)


@dataclass(frozen=True)
class Letters:
    """Letters that a person chose, understood but not yet looked for."""

    spans: tuple[tuple[str, str], ...] = ()
    """First and last letter of each stretch, both included; empty: all."""

    def __str__(self) -> str:
        """Return the choice in its shortest form, which `parse_letters` reads."""
        return ", ".join(map(_short, self.spans))

    @property
    def start(self) -> str:
        """The letter to start from; empty if it is not such a choice."""
        return self.spans[0][0] if self.spans and self.spans[0][1] == END else ""


def parse_letters(text: str) -> Letters:
    """Return the letters that a text chooses.

    Commas, semicolons and blanks separate single letters and ranges. Accents do
    not count, digits and symbols are `#`, and any sign of Han, Kana or Hangul
    stands for all of them. After "from", a word stands for its first letter.

    Raises:
        UsageError: Something else; the message says what was understood.

    >>> [str(parse_letters(text)) for text in ("b; É", "#-d", "from Pi", "all")]
    ['B, E', '#-D', 'from P', '']
    """
    wanted = text.strip()
    if wanted.casefold() in {"", "all"}:
        return Letters()
    if re.match(r"from\s+\S", wanted, re.IGNORECASE):
        return starting_at(wanted[5:])
    return _listed(wanted)


def short_form(text: str) -> str:
    """Return a choice of letters as short as it can be written, for people.

    What cannot be read stays as it is: whoever uses it says what is wrong.

    >>> short_form("FROM pink floyd"), short_form("b;a"), short_form("BP")
    ('from P', 'A, B', 'BP')
    """
    try:
        return str(parse_letters(text))
    except UsageError:
        return text


def starting_at(word: str) -> Letters:
    """Return the letter of a word, such as an artist, and all letters after it.

    Raises:
        UsageError: It is a list or a range of letters.
    """
    try:
        listed = _listed(re.sub(r"\s+to\s+", "-", word))
    except UsageError:
        listed = Letters()  # a word like any other
    if len(listed.spans) > 1 or any(first != last for first, last in listed.spans):
        raise UsageError(
            f'"from {word.strip()}" is unclear. Write "from {listed.spans[0][0]}" for '
            f'that letter and all after it, or "{listed}" for these alone.'
        )
    return Letters(((letter_of(word), END),))


def chosen_letters(wanted: str, present: Iterable[str]) -> list[str]:
    """Return the letters of a library that a choice in words means, in order.

    Raises:
        UsageError: It is not understood, or the library has no such letter.

    >>> chosen_letters("from p", "ABPQ"), chosen_letters("b-p,q", "ABPQ")
    (['P', 'Q'], ['B', 'P', 'Q'])
    """
    spans, ordered = parse_letters(wanted).spans, in_order(present)
    absent, found = [], set()
    for first, last in spans or ((SYMBOLS, END),):
        between = {
            letter
            for letter in ordered
            if order_of(first) <= order_of(letter) <= order_of(last)
        }
        if not between and spans:
            absent.append(_short((first, last)))
        found |= between
    if absent:
        raise UsageError(
            f"No artist files under {', '.join(absent)}. "
            f"This library has: {' '.join(ordered)}."
        )
    return in_order(found)


def _listed(text: str) -> Letters:
    words = SEPARATORS.split(DASHES.sub("-", text))
    spans = {word: _span(word) for word in words if word}
    unclear = [word for word, span in spans.items() if span is None]
    if unclear or not spans:
        understood = ", ".join(word for word in spans if word not in unclear)
        raise UsageError(
            f"Cannot read {', '.join(map(repr, unclear)) or repr(text)} as letters "
            f"(understood: {understood or 'nothing'}). Write single letters such as "
            'B, P, ranges from low to high such as A-C, or "from P"; # is for digits '
            "and symbols. Leave it empty for all letters."
        )
    ordered = sorted(
        {span for span in spans.values() if span}, key=lambda span: order_of(span[0])
    )
    return Letters(tuple(ordered))


def _short(span: tuple[str, str]) -> str:
    first, last = span
    if last == END:
        return f"from {first}"
    return first if first == last else f"{first}-{last}"


def _span(word: str) -> tuple[str, str] | None:
    """Return the first and last letter that a word means, if it is understood."""
    if single := _single(word):
        return single, single
    low, _, high = word.partition("-")
    first, last = _single(low), _single(high)
    is_range = first and last and order_of(first) <= order_of(last)
    return (first, last) if is_range else None


def _single(word: str) -> str:
    """Return the letter that a word means by itself; empty if it has several."""
    signs = [
        sign
        for sign in unicodedata.normalize("NFC", word)
        if not unicodedata.category(sign).startswith("M")
    ]
    letters = {letter_of(sign) for sign in signs}
    is_single = len(signs) == 1 or letters == {SYMBOLS}
    return letters.pop() if is_single and not set(word) & NO_LETTERS else ""
