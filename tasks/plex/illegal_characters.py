"""Answers that XML forbids: some servers pass on whatever a file's tags hold."""

import re
import sys

import plexapi.utils as parsing

ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
"""The characters that no XML document may hold, as a range of a pattern."""

MAX_DIGITS = 7
"""Digits of the highest character there is."""

_SUSPECT = re.compile(f"[{ILLEGAL}]|&#(?:0*([0-9]+)|x0*([0-9a-fA-F]+));")


def without_illegal(text: str) -> str:
    """Return XML without illegal characters, written out or as a reference.

    >>> without_illegal("A&#4;B &#x1F;C&#233;")
    'AB C&#233;'
    """
    return _SUSPECT.sub(lambda match: match[0] if _is_legal(match) else "", text)


def _is_legal(match: re.Match[str]) -> bool:
    digits = match[1] or match[2]
    if not digits or len(digits) > MAX_DIGITS:
        return False
    code = int(digits, 10 if match[1] else 16)
    return code <= sys.maxunicode and not re.match(f"[{ILLEGAL}]", chr(code))


def tolerate_illegal_characters() -> None:
    """Have plexapi leave out what XML forbids where an answer cannot be parsed.

    Its own cleaning leaves references such as `&#4;` as they are.
    """
    vars(parsing)["cleanXMLString"] = without_illegal
