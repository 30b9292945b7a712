"""Text from elsewhere, made safe for where it is shown: titles are never commands."""

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
"""What stands where a control character stood."""

WORD_JOINER = "\N{WORD JOINER}"
"""Takes no room, and keeps an address from being made a link."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"  # C0 without tab and line feed, DEL, C1
    r"|[\u2028\u2029\u202a-\u202e\u2066-\u2069]"  # line breaks, changes of direction
    r"|[\ud800-\udfff]"  # halves of a character, which no output can encode
)
_MARKUP = re.compile(
    r"[\\`*_\[\]<>|~#]"  # emphasis, code, links, HTML, tables, headings
    r"|&(?=#?\w+;)"  # entities
    r"|^[-+]"  # bullets and rules
)
_LIST_NUMBER = re.compile(r"^([0-9]{1,9})(?=[.)](?: |$))")
_ADDRESS = re.compile(
    r"(?<=https:)(?=//)|(?<=http:)(?=//)|(?<=www)(?=\.)|(?<=[-.\w+])(?=@[-\w]+\.)",
    re.IGNORECASE,
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    r"""Return a text without control characters, which could steer a terminal.

    Tabs and line feeds stay.

    >>> printable("Gr\x1b[31mun\x07ge")
    'Gr�[31mun�ge'
    """
    return _CONTROL.sub(REPLACEMENT, text)


def markdown_text(text: str) -> str:
    r"""Return a text that markdown shows as it is, on one line.

    Source: CommonMark 0.31, section 2.4 (backslash escapes); GitHub Flavored
    Markdown, section 6.9 (autolinks, which no backslash prevents).

    >>> print(markdown_text("*NSYNC* and <PIG>"))
    \*NSYNC\* and \<PIG\>
    """
    line = " ".join(printable(text).split())
    escaped = _MARKUP.sub(r"\\\g<0>", _ADDRESS.sub(WORD_JOINER, line))
    return _LIST_NUMBER.sub(r"\1\\", escaped)


def spreadsheet_cell(value: object) -> object:
    """Return a value for a CSV file; what would be a formula becomes a text.

    Spreadsheets take a leading apostrophe as "the rest is text". Numbers stay.

    >>> spreadsheet_cell("=1+1"), spreadsheet_cell("Abba"), spreadsheet_cell(-3)
    ("'=1+1", 'Abba', -3)
    """
    is_formula = isinstance(value, str) and value.lstrip("'").startswith(_FORMULA)
    return f"'{value}" if is_formula else value


def without_apostrophe(cell: str) -> str:
    """Return what a spreadsheet's cell was made of.

    >>> without_apostrophe("'=1+1"), without_apostrophe("'Round Midnight")
    ('=1+1', "'Round Midnight")
    """
    is_formula = cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA)
    return cell[1:] if is_formula else cell
