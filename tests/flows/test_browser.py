"""A person with a browser: fill the form, watch, read the report, press Retry."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    BrowserContext,
    Page,
    Response,
    Route,
    expect,
    sync_playwright,
)

from tests.flows.catching import ids_of
from tests.flows.expecting import inferred
from tests.flows.listener import Served, items, ratings
from tests.flows.test_faults import letter
from tests.simulator.process import Simulator

OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
PATIENCE = 90_000
"""Milliseconds that something may take to appear."""
SETTLING = 6_000
"""Milliseconds after which a page is fit to be photographed."""
PICTURES = os.environ.get("PLEXBAYES_SCREENSHOTS", "")
"""Where to keep pictures of what was seen; empty: nowhere."""
LIBRARY = {
    "Blur": ("Parklife", "Girls & Boys", "Parklife", "To the End"),
    "Portishead": ("Dummy", "Mysterons", "Sour Times", "Glory Box"),
    "Pulp": ("Different Class", "Common People", "Disco 2000", "Babies"),
}


class Person:
    """Looks at the UI, clicks and types; every way out of this machine is blocked."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.sought: list[str] = []
        self._address = address
        self.page: Page = context.pages[0]
        context.route(lambda url: not url.startswith(address), self._refuse)

    def at(self, path: str) -> str:
        """Return the address of a page of the UI."""
        return f"{self._address.rstrip('/')}{path}"

    def _refuse(self, route: Route) -> None:
        self.sought.append(route.request.url)
        route.abort()

    def run(self, letters: str = "", phases: str = "") -> None:
        """Fill in the form of `infer` for a live run, submit it, look at the run."""
        self.page.goto(self._address)
        self.page.get_by_role("link", name="Deployments").click()
        self.page.get_by_role("link", name="infer", exact=True).first.click()
        self.page.get_by_role("button", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Custom run").click()
        if phases:
            self.page.get_by_role("button", name="Select phases").click()
            self.page.get_by_role("option", name=phases, exact=True).click()
        self.page.get_by_label("letters (Optional)").fill(letters)
        self.page.get_by_role("switch").first.click()
        if letters:
            self.keep("form", whole=True)
        run = self._submit()
        # The button "View run" is only there for a moment.
        self.page.locator(f"a[href$='{run}']").first.click()

    def _submit(self) -> str:
        """Press Submit, again while the server is busy; return the id of the run."""
        while True:
            with self.page.expect_response(_is_new_run) as created:
                self.page.get_by_role("button", name="Submit").click()
            if created.value.status != HTTPStatus.SERVICE_UNAVAILABLE:
                return str(created.value.json()["id"])

    def expect_to_read(self, text: str, artifact: str) -> None:
        """Open an artifact of the run that is looked at, and wait for a text there."""
        self.page.get_by_role("tab", name="Artifacts").click()
        self.page.get_by_role("link", name=artifact).click()
        main = self.page.get_by_role("main")
        expect(main).to_contain_text(text, timeout=PATIENCE)
        self.keep(artifact, whole=True)

    def press(self, entry: str) -> None:
        """Choose an entry of the menu of a run, and confirm it."""
        self.page.get_by_role("button", name="Open menu").first.click()
        self.page.get_by_role("menuitem", name=entry, exact=True).click()
        self.keep(entry.lower())
        self.page.get_by_role("alertdialog").get_by_role("button", name=entry).click()

    def expect_state(self, name: str) -> None:
        """Wait until the run is in a state."""
        said = self.page.get_by_role("main").get_by_text(name, exact=True).first
        expect(said).to_be_visible(timeout=PATIENCE)

    def keep(self, name: str, *, whole: bool = False) -> None:
        """Keep a picture, if pictures are wanted: of the window, or a whole page."""
        if PICTURES:
            self.page.wait_for_timeout(SETTLING)
            self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=whole)


def _is_new_run(answer: Response) -> bool:
    is_made = answer.request.method == "POST"
    return is_made and answer.url.endswith("/create_flow_run")


@contextmanager
def browser(folder: Path, *options: str) -> Iterator[BrowserContext]:
    """Open a browser with a profile of its own."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is installed, and CI must not do without it")
        pytest.skip("no Chromium is installed")
    with sync_playwright() as play:
        context = play.chromium.launch_persistent_context(
            folder, executable_path=chromium, args=[*OPTIONS.split(), *options]
        )
        context.set_default_timeout(PATIENCE)
        yield context
        context.close()


@pytest.fixture
def person(served: Served, tmp_path: Path) -> Iterator[Person]:
    """Sit down in front of the UI."""
    served.await_offers()
    with browser(tmp_path) as context:
        yield Person(context, str(served.api.base_url.join("/")))


@pytest.fixture
def view(plex: Simulator) -> dict[str, list[int]]:
    """Put three bands into the library; return the keys of each one's tracks."""
    tracks = {}
    for artist, (album, *titles) in LIBRARY.items():
        tracks[artist] = plex.add(artist, album, titles)["tracks"]
        plex.rate(tracks[artist][0], 9.0)
    return tracks


def written_to(plex: Simulator, dump: dict[str, Any]) -> set[str]:
    """Return the letters that were written to since the log was cleared."""
    keys = {key for r in plex.log() if r["writes"] for key in ids_of(r)}
    return {letter(dump, key) for key in keys}


def changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the letters under which ratings have changed."""
    new = ratings(after)
    return {letter(before, key) for key in new if new[key] != ratings(before).get(key)}


def test_a_person_runs_one_letter_and_then_finishes_one_that_failed(
    plex: Simulator, view: dict[str, list[int]], person: Person
) -> None:
    before, expected = plex.dump(), inferred(plex)
    person.run("B", "1-2")
    person.expect_state("Completed")
    person.expect_to_read("Top artists", "report")
    assert changed(before, plex.dump()) == {"B"}

    broken = {"match": {"method": "PUT", "ratingKeys": view["Pulp"]}, "do": "status"}
    slow = {"match": {"method": "PUT"}, "do": "slow", "ms": 800 if PICTURES else 0}
    plex.faults([broken, slow])
    person.run()
    if PICTURES:
        person.expect_state("Running")
        person.keep("running")
    person.expect_state("Failed")
    plex.faults([])
    plex.clear_log()
    person.press("Retry")
    person.expect_state("Completed")

    assert written_to(plex, before) == {"P"}
    expected = ratings(before) | expected
    assert ratings(plex.dump()) == pytest.approx(expected, abs=0.011)
    assert set(ratings(plex.dump())) == set(items(before))
    assert person.sought == []
