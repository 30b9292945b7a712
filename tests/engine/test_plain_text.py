"""A title is text: markdown shows it as it is, terminals and spreadsheets obey none."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from engine.plain_text import (
    WORD_JOINER,
    markdown_text,
    printable,
    spreadsheet_cell,
)

ODD = (
    *("*NSYNC*", "<PIG>", "P!nk", "!!!", "Ke$ha", "# 1", "#1 Crush", "- b", "--"),
    *("+/-", "=", "~a~ ~~b~~", "a|b", "a\\|b", "back\\", "&amp; &#42; AT&T", "_x_"),
    *("`code`", "```", "[a](http://b.c)", "![a](b)", "[^1]", "[ ] todo", "> quote"),
    *("<script>alert(1)</script>", "<http://a.b>", "<!-- no -->", "a  b", "    code"),
    *("https://evil.example/x", "www.evil.example", "me@evil.example", "HTTP://a.b"),
    *("a_b@c_d.evil.example", "1) x", "123456789. x", "*", "***", "a\nb", "{:x}"),
    "1. FC",
)
"""Titles that mean something to markdown, or to what shows it in a browser."""

GFM_LINK = re.compile(
    r"(https?://|www(?=\.))([-.\w]+)|[-.\w+]+@[-\w]+(\.[-\w]+)+",
    re.IGNORECASE | re.ASCII,
)
"""What Prefect's UI makes a link of, escaped or not, after markdown was read."""

titles = st.one_of(
    st.text(),
    st.text(alphabet="ab1.)-+=#*_~`<>[]()!|\\&;:/@ \n"),
    st.lists(st.sampled_from(ODD)).map("".join),
)
PLACES = ("{}", "# {}", "## {}", "* {}", "| {} |\n| --- |", "| |\n| --- |\n| {} |")
"""A paragraph, headings, a list, and the cells of a table."""

HARMLESS = {"text", "softbreak"}
"""Kinds of inline tokens; links, images, HTML, code and emphasis are others."""


MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def is_shown_as_it_is(title: str, place: str) -> bool:
    """Return whether a title is shown on one line, harmless, and with all its signs."""
    blocks = MARKDOWN.parse(place.format(markdown_text(title)))
    inline = [token for block in blocks for token in block.children or ()]
    text = "".join(token.content for token in inline)
    wanted = " ".join(printable(title).split())
    return (
        {block.type for block in blocks}.isdisjoint({"html_block", "fence", "hr"})
        and {token.type for token in inline} <= HARMLESS
        and not GFM_LINK.search(text)
        and text.replace(WORD_JOINER, "") == wanted.replace(WORD_JOINER, "")
    )


@given(titles, st.sampled_from(PLACES))
@example("a\\|b", PLACES[-1])
@example("www.evil.example", PLACES[0])
def test_markdown_shows_every_title_as_it_is(title: str, place: str) -> None:
    assert is_shown_as_it_is(title, place)


@pytest.mark.parametrize("place", PLACES)
def test_markdown_shows_titles_full_of_markup_as_they_are(place: str) -> None:
    assert [title for title in ODD if not is_shown_as_it_is(title, place)] == []


def test_usual_titles_stay_readable_in_the_source_of_a_page() -> None:
    usual = ("Girls & Boys", "Jay-Z", "Sgt. Pepper's", "P!nk", "AC/DC", "Björk (live)")

    assert [markdown_text(title) for title in usual] == list(usual)


@given(st.text())
def test_no_control_character_is_printable(text: str) -> None:
    harmless = printable(text)

    kinds = {unicodedata.category(sign) for sign in set(harmless) - {"\n", "\t"}}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}
    assert len(harmless) == len(text)


@pytest.mark.parametrize(
    "sign", ["\x00", "\x07", "\x1b", "\x7f", "\x9b", "\r", "\u202e"]
)
def test_escapes_bells_and_changes_of_direction_are_replaced(sign: str) -> None:
    assert printable(f"a{sign}b") == "a\ufffdb"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_text(start: str) -> None:
    assert spreadsheet_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("value", ["Abba", "", "a=b", 7.5, -1, None])
def test_other_values_of_a_spreadsheet_stay_as_they_are(value: object) -> None:
    assert spreadsheet_cell(value) is value
