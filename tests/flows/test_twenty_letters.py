"""A run of twenty letters as a person sees it: a short log, arrows, plain titles."""

import itertools
import logging
import re
import string
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.flows.catching import await_true
from tests.flows.listener import Served, items, ratings
from tests.flows.test_browser import PATIENCE, Person, person
from tests.simulator.process import Simulator

__all__ = ["person"]

LETTERS = string.ascii_uppercase[:20]
TITLES = (
    *("*NSYNC*", "<PIG>", "[link](http://evil.example)", "a|b", "# 1", "_x_ `y`"),
    *("![i](http://evil.example/i.png)", "www.evil.example", "me@evil.example"),
    "<img src=x onerror=alert(1)>",
)
PHASES = ("1 album-up", "2 artist-up", "3 album-down", "4 track-down")
PAGE = "/v2/runs/flow-run/{}"


@pytest.fixture
def plex() -> Iterator[Simulator]:
    """Run a Plex with an artist of an odd name under each of twenty letters."""
    with Simulator.start(synthetic=0) as simulator:
        for number, letter in enumerate(LETTERS):
            odd = [TITLES[(number + n) % len(TITLES)] for n in range(6)]
            songs = [f"Song {title}" for title in odd[2:]]
            keys = simulator.add(f"{letter}u {odd[0]}", f"Album {odd[1]}", songs)
            simulator.rate(keys["tracks"][0], 9.0 - number / 4)
        yield simulator


def logged(served: Served, run_id: str) -> list[str]:
    """Return all log lines of a run, with their level."""
    return [
        f"{logging.getLevelName(one['level'])} {one['message']}"
        for one in served.logs(run_id)
    ]


def artifacts_of(served: Served, run_id: str, key: str) -> list[Any]:
    """Return an artifact of all attempts of a run, oldest first."""
    found = [one for one in served.of_run("artifacts", run_id) if one["key"] == key]
    return [one["data"] for one in sorted(found, key=lambda one: one["created"])]


def arrows(served: Served, run_id: str) -> set[tuple[str, str]]:
    """Return the arrows of a run's graph as pairs of names."""
    nodes = dict(served.api.get(f"/flow_runs/{run_id}/graph-v2").json()["nodes"])
    return {
        (nodes[parent["id"]]["label"], node["label"])
        for node in nodes.values()
        for parent in node["parents"]
    }


def expected_arrows(letter: str) -> set[tuple[str, str]]:
    """Return the chain of arrows of one letter."""
    steps = [f"{letter} · {step}" for step in (*PHASES, "write")]
    chain = ["read the library", *steps, "read it back"]
    return set(itertools.pairwise(chain))


def test_a_run_of_twenty_letters_is_told_in_a_few_plain_lines_and_arrows(
    plex: Simulator, person: Person, served: Served
) -> None:
    before = plex.dump()
    person.run()
    person.expect_state("Completed")
    run_id = person.page.url.partition("?")[0].rstrip("/").rpartition("/")[2]
    await_true(lambda: ("T · write", "read it back") in arrows(served, run_id))

    lines = logged(served, run_id)
    plan = read(person, run_id, "plan")
    report = read(person, run_id, "report")

    assert set(ratings(plex.dump())) == set(items(before))
    assert len(lines) <= 3 * len(LETTERS)
    assert not [line for line in lines if "\n" in line or "Traceback" in line]
    assert not [line for line in lines if "Finished in state Completed()" in line]
    said = [line for line in lines if re.match(r"INFO [A-T]: \d+ of \d+ ratings", line)]
    assert len(said) == len(LETTERS)
    assert all("4 track-down: 3" in line for line in said)
    for letter in LETTERS:
        assert expected_arrows(letter) <= arrows(served, run_id)
    assert (f"A · {PHASES[0]}", f"A · {PHASES[2]}") not in arrows(served, run_id)
    assert artifacts_of(served, run_id, "progress") == [100]
    for title in TITLES:
        assert f" {title}" in plan
        assert f" {title}" in report
    assert person.sought == []


def read(person: Person, run_id: str, artifact: str) -> str:
    """Open an artifact of a run; it must hold no link, no picture and no HTML."""
    page = person.page
    page.goto(person.at(PAGE.format(run_id)))
    page.get_by_role("tab", name="Artifacts").click()
    card = page.get_by_role("link").filter(has=page.get_by_text(artifact, exact=True))
    card.first.click()
    shown = page.get_by_role("tabpanel").first
    expect(shown.get_by_role("cell").first).to_be_visible(timeout=PATIENCE)
    texts = [""]

    def is_whole() -> bool:  # the page may draw itself once more, and be empty then
        texts.append(shown.inner_text())
        return len(texts[-1]) > len("Show Raw Data")

    await_true(is_whole)
    assert shown.locator("a, img, em, del, code").count() == 0
    return texts[-1].replace("\N{WORD JOINER}", "")


def test_an_expected_failure_is_one_line_and_a_retry_plans_only_what_is_left(
    plex: Simulator, served: Served
) -> None:
    infer = served.await_offers()["infer"]
    no_letter = served.run(infer, dry_run=True, letters="Ж")
    tracks = items(plex.dump())
    artist = next(a for a in plex.dump()["artists"] if a["title"].startswith("Bu"))
    key = artist["ratingKey"]
    under = [k for k, item in tracks.items() if key == item["grandparentRatingKey"]]
    fault = {"match": {"method": "PUT", "ratingKeys": [key, *under]}, "do": "status"}
    plex.faults([fault | {"code": 500}])
    failed = served.run(infer, dry_run=False)
    lines = logged(served, failed["id"])
    report = artifacts_of(served, failed["id"], "report")[0]
    plex.faults([])
    retried = served.retry(failed["id"])
    plan = artifacts_of(served, failed["id"], "plan")[-1]

    wrong = logged(served, no_letter["id"])
    assert no_letter["state_type"] == "FAILED"
    assert len([line for line in wrong if "Ж" in line and "Finished" in line]) == 1
    assert "press Retry" in no_letter["state"]["message"]
    assert failed["state_type"] == "FAILED"
    assert "press Retry" in failed["state"]["message"]
    assert "plexbayes 0 --letters B" in failed["state"]["message"]
    errors = [line for line in lines if line.startswith("ERROR")]
    assert len(errors) == 1
    assert re.match(r"ERROR B · \d [\w-]+.*: Plex is busy \(500\)", errors[0])
    assert not [line for line in (*wrong, *lines) if "Traceback" in line]
    assert re.search(r"^\| B \| \d+ \| \d+ \| .* \| \d+ \| .*500", report, re.MULTILINE)
    assert retried["state_type"] == "COMPLETED"
    assert re.findall(r"^## (.): ", plan, re.MULTILINE) == ["B"]
    assert re.findall(r"^\| ([A-T]) \|", plan, re.MULTILINE) == ["B"]
