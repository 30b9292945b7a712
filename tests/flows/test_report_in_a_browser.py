"""The page of a report in a real browser: it asks for nothing and fits any screen."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from engine.reports.library_report import LibraryReport
from flows.reports.html import PANELS, html
from tests.flows.sample_report import ARTISTS, rich
from tests.flows.test_browser import browser
from tests.flows.test_html_report import titled

pytestmark = pytest.mark.system

WIDTHS = (390, 1280)
LONG = replace(titled("Unpronounceable" * 20), what="so" * 200)
TOO_WIDE = "() => document.documentElement.scrollWidth > innerWidth"
NAMES = """
() => [...document.querySelectorAll("#all tbody tr:not([hidden]) th")].map(
  cell => cell.textContent)
"""


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Sit down in front of a browser."""
    with browser(tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    """Open a new tab."""
    tab = window.new_page()
    yield tab
    tab.close()


@pytest.fixture
def look_at(page: Page, tmp_path: Path) -> Iterator[Callable[[LibraryReport], Page]]:
    """Open pages of reports; in the end nothing else was asked for or complained of."""
    path = tmp_path / "report.html"
    asked: list[str] = []
    said: list[str] = []

    def look(report: LibraryReport) -> Page:
        path.write_text(html(report), "utf-8")
        page.goto(path.as_uri())
        return page

    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield look
    assert set(asked) == {path.as_uri()}
    assert said == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("report", [rich(), LONG], ids=["usual", "long titles"])
def test_nothing_is_wider_than_the_screen(look_at, width, report):
    page = look_at(report)
    page.set_viewport_size({"width": width, "height": 900})

    assert not page.evaluate(TOO_WIDE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_colours_of_the_screen(look_at, scheme):
    page = look_at(rich())
    page.emulate_media(color_scheme=scheme)

    ground = "() => getComputedStyle(document.body).backgroundColor"
    colours = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 22, 26)"}
    assert page.evaluate(ground) == colours[scheme]


def test_a_table_is_sorted_by_its_heads_with_the_keyboard_too(look_at):
    page = look_at(rich())
    page.set_viewport_size({"width": 1280, "height": 900})
    heads = page.locator("#all thead")

    heads.get_by_role("button", name="artist").click()
    assert page.evaluate(NAMES)[:3] == ["Ada Morrow", "Amal Haddad", "Ansel Grey"]
    heads.get_by_role("button", name="artist").click()
    assert page.evaluate(NAMES)[-1] == "Ada Morrow"

    for order, pick in (("descending", max), ("ascending", min)):
        heads.get_by_role("button", name="stars").focus()
        page.keyboard.press("Enter")
        expect(heads.locator("[aria-sort]")).to_have_attribute("aria-sort", order)
        cells = page.locator("#all tbody td:nth-child(2)").all_inner_texts()
        known = [float(cell.rstrip("★")) for cell in cells if cell != "–"]
        assert known[0] == pick(known)
        assert known == sorted(known, reverse=order == "descending")
        assert cells[-1] == "–"


def test_times_are_sorted_by_how_long_they_are(look_at):
    page = look_at(rich())
    table = page.get_by_role("region", name="Hidden gems")

    table.get_by_role("button", name="last played").click()

    cells = table.locator("tbody td:last-child").all_inner_texts()
    assert cells[:4] == ["3 years ago", "2 years ago", "3 months ago", "40 days ago"]


def test_artists_are_found_whatever_their_accents(look_at):
    page = look_at(rich())
    field = page.get_by_label("Find")

    field.fill("OREsund")
    assert page.evaluate(NAMES) == ["Öresund"]
    expect(page.locator("#found")).to_have_text("1 found")
    field.fill("")
    assert page.evaluate(NAMES) == list(ARTISTS)


def test_without_scripts_everything_is_there_but_what_needs_them(look_at, page):
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setScriptExecutionDisabled", {"value": True})
    look_at(rich())

    assert page.locator("main section").count() == len(PANELS)
    assert page.locator("#all tbody tr").count() == len(ARTISTS)
    assert page.locator("thead button").count() == 0
    expect(page.locator("#filter")).to_be_hidden()
