"""The page of a report shows what is in it, and nothing that a title could want.

`python -m tests.flows.test_html_report` records tests/golden/report.html anew; do
that only when the page is meant to change, and look at it.
"""

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from engine.reports.confidence import Sureness
from engine.reports.library_report import (
    Changed,
    Compared,
    Coverage,
    LibraryReport,
    Named,
    Playlist,
)
from flows.reports.html import PANELS, html
from tests.flows.sample_report import huge, rich, small

GOLDEN = Path(__file__).parents[1] / "golden" / "report.html"
HOSTILE = (
    "<script>alert(1)</script>",
    "]]></style><img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "{{ report.library }}{% raw %}",
    "&lt;b&gt; &#x3c;",
    "<!--",
    "https://example.org/track",
)


class Page(HTMLParser):
    """The elements, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = [""]
        self.feed(page)
        self.close()
        assert self._open == [""]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(attrs)))
        if tag not in {"meta", "input"}:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, tuple(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self._open[-1], []).append(data)

    def handle_comment(self, data):
        pytest.fail(f"a comment: {data}")

    @property
    def titles(self) -> list[str]:
        return self.texts.get("bdi", [])

    def shown(self) -> list[str]:
        """Return the ids of the panels that are there."""
        return [dict(held)["id"] for tag, held in self.elements if tag == "section"]


def empty(**panels) -> LibraryReport:
    """Return a report with these panels only."""
    counts = dict.fromkeys(("artists", "albums", "tracks", "yours"), 0)
    words = {"library": "Music", "date": "2026-11-28", "what": "", "model": "classic"}
    return LibraryReport(**{**counts, **words, **panels})


def titled(title: str) -> LibraryReport:
    """Return a report in which every text from elsewhere is the same."""
    item = Named(title, title, title)
    full = small()
    return replace(
        full,
        library=title,
        notes=[title],
        coverage={"genre": [Coverage(title, 1, 1, 0, 0)]},
        playlists=[
            replace(full.playlists[0], title=title, rule=title, comes=(item,)),
            Playlist(title, title, not_previewed=title),
        ],
        best_artists=[replace(full.best_artists[0], item=Named(title))],
        best_albums=[replace(full.best_artists[0], item=Named(title, title))],
        above_critics=[Compared(item, 8, 6)],
        surprises=[Compared(item, 8, 6, 2)],
        gems=[replace(full.gems[0], item=item)],
        ask=[item],
        tested=replace(full.tested, verdict=title),
        changes=[Changed(item, None, 8)],
        taken_over=[item],
        twins=[[(item, 8.0), (item, None)]],
        all_artists=[replace(full.all_artists[0], name=title)],
    )


def test_the_page_is_as_it_was_recorded():
    assert html(small()) == GOLDEN.read_text("utf-8")


def test_the_same_report_is_always_the_same_page():
    assert html(rich()) == html(rich())


@pytest.mark.parametrize("title", HOSTILE)
def test_a_title_is_text_and_nothing_else(title):
    harmless, hostile = Page(html(titled("Blur"))), Page(html(titled(title)))

    assert hostile.elements == harmless.elements
    assert "".join(hostile.titles) == "".join(harmless.titles).replace("Blur", title)
    assert len(hostile.titles) > 20


def test_what_could_steer_the_text_around_it_is_taken_out_or_isolated():
    page = html(titled("صدى\u202e \x1b[31m\x00Echo\u2028"))

    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", page
    )
    assert "<bdi>صدى� �[31m�Echo�</bdi>" in page


@pytest.mark.parametrize("title", ["", " ", "\n\t"])
def test_what_has_no_name_is_said_to_have_none(title):
    titles = Page(html(titled(title))).titles

    assert titles.count("(no name)") > 20


def test_the_browser_is_allowed_what_is_in_the_page_and_no_more():
    page = html(rich())
    policy = re.search('Content-Security-Policy" content="([^"]*)"', page)[1]

    for kind in ("style", "script"):
        (inline,) = re.findall(f"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        digest = b64encode(sha256(inline.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_leads_nowhere_but_to_itself():
    page = html(rich())
    elements = Page(page).elements
    held = [(name, value) for _, both in elements for name, value in both]

    assert "//" not in page
    assert "http" not in page.replace("<meta http-equiv=", "")
    assert {value[0] for name, value in held if name in {"href", "src"}} == {"#"}
    assert [name for name, _ in held if name.startswith("on") or name == "style"] == []
    ids = [value for name, value in held if name == "id"]
    assert len(set(ids)) == len(ids)
    assert {value[1:] for name, value in held if name == "href"} <= set(ids)


def test_a_full_report_has_every_panel_in_its_order():
    page = Page(html(rich()))

    assert page.shown() == [panel.id for panel in PANELS]
    assert len(page.elements) > 1000


def test_what_is_empty_is_left_out():
    assert Page(html(empty())).shown() == []
    assert Page(html(empty(ask=[Named("Blur")]))).shown() == ["ask"]
    assert Page(html(empty(tested=small().tested))).shown() == ["sureness"]
    bands = Sureness("ratings", small().sureness.bands)
    assert Page(html(empty(sureness=bands))).shown() == ["sureness"]


def test_a_playlist_that_cannot_be_previewed_is_named_with_the_reason():
    unknown = Playlist("Mellow", "", not_previewed="It asks for a mood.")
    page = html(empty(playlists=[unknown]))

    assert '<bdi class="own">Mellow</bdi>: It asks for a mood.' in page


def test_ratings_are_shown_as_stars_with_two_decimals():
    tested = replace(small().tested, off_by=1.163, within=0.996, top_ten=7.84)
    said = html(empty(tested=tested))

    for words in ("0.58★", "over 99%", "7.8"):
        assert f"<dd>{words}</dd>" in said


def test_headings_go_down_one_step_at_a_time():
    tags = [tag for tag, _ in Page(html(rich())).elements]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]

    assert levels.count(1) == 1
    assert max(after - before for before, after in pairwise(levels)) == 1


def test_every_table_has_heads_that_say_what_they_head():
    heads = [dict(held) for tag, held in Page(html(rich())).elements if tag == "th"]

    assert {head.get("scope") for head in heads} == {"col", "row"}


def test_ten_thousand_artists_make_a_page_that_opens():
    assert 50_000 < len(html(rich()).encode()) < 200_000
    assert len(html(huge(10_000)).encode()) < 3_000_000


if __name__ == "__main__":
    GOLDEN.write_text(html(small()), "utf-8")
