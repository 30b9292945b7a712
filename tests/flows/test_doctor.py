"""The doctor finds what is wrong, says what to do, and leaves all as it was."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine.library import Identity, Level
from flows.cli.doctor import doctor, report
from tasks.commands.health import Finding
from tasks.config.config_file import ARTICLE
from tasks.orchestration.prefect_health import check_prefect
from tasks.record.store import ShadowStore
from tests.simulator.process import Simulator
from tests.tasks.building import HIDDEN, shadow
from tests.tasks.http_answers import canned_plex

Examine = Callable[..., list[Finding]]
NOBODY = "http://127.0.0.1:9"
"""Where no server is."""


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in list(os.environ):
        if name.upper().startswith("PLEXBAYES_"):
            monkeypatch.delenv(name)
    with temporary_settings(restore_defaults={PREFECT_API_URL}):
        yield


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    """A small Plex for all tests of this module."""
    with Simulator.start(synthetic=20) as simulator:
        yield simulator


@pytest.fixture
def examine(tmp_path: Path, plex: Simulator) -> Examine:
    """Configure, and ask the doctor; by default all is well."""

    def examine(**config: Any) -> list[Finding]:
        path = tmp_path / "config.json"
        keys = {"PLEX_URL": plex.url, "PLEX_TOKEN": plex.token, **config}
        path.write_text(json.dumps(keys), encoding="utf-8")
        path.chmod(0o600)
        return doctor(path)

    return examine


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Where the state database is."""
    return tmp_path / "plexbayes.db"


def wrong(findings: list[Finding]) -> dict[str, str]:
    """Return the state of everything that is not ok, all with an advice."""
    found = [finding for finding in findings if finding.state != "ok"]
    assert all(finding.advice for finding in found)
    return {finding.subject: finding.state for finding in found}


def text(findings: list[Finding], subject: str) -> str:
    """Return all that is said about a subject."""
    return "\n".join(f"{f.said} {f.advice}" for f in findings if f.subject == subject)


def test_a_healthy_home_is_found_so_and_left_as_it_was(examine, plex, tmp_path):
    findings = examine()

    assert wrong(findings) == {}
    assert [finding.subject for finding in findings] == [
        *("installation", "configuration", "address", "token", "server", "library"),
        *("rights", "scan", "record", "listings", "Prefect"),
    ]
    assert "1.43" in text(findings, "server")
    assert "a server is started for each run" in text(findings, "Prefect")
    assert plex.counts()["writes"] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_with_a_wrong_configuration_what_needs_none_is_still_checked(examine):
    findings = examine(CONFIDENCE_C=0)

    assert wrong(findings) == {"configuration": "error"}
    assert findings[-1].subject == "Prefect"


def test_where_no_server_answers_the_rest_is_still_checked(examine):
    findings = examine(PLEX_URL=NOBODY)

    assert wrong(findings) == {"address": "error"}
    assert {"record", "Prefect"} <= {finding.subject for finding in findings}


def test_a_refused_token_is_no_fault_of_the_address(examine):
    findings = examine(PLEX_TOKEN=HIDDEN)

    assert wrong(findings) == {"token": "error"}
    assert ARTICLE in text(findings, "token")
    assert HIDDEN not in repr(findings)


def test_an_unknown_library_brings_a_list_of_those_that_there_are(examine):
    findings = examine(LIBRARY_NAME="Jazz")

    assert wrong(findings) == {"library": "error"}
    assert "LIBRARY_NAME to one of: Music" in text(findings, "library")


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_token_of_another_account_is_enough_to_rate_and_not_to_tag(
    examine, plex, dry_run
):
    findings = examine(PLEX_TOKEN=plex.shared_token, DRY_RUN=dry_run)

    assert wrong(findings) == {"rights": "warning"}
    assert "tags and batched edits" in text(findings, "rights")
    assert "(403)" in text(findings, "rights")


def test_a_scan_is_to_be_waited_for(examine):
    with Simulator.start(synthetic=20) as scanning:
        scanning.scan(60)

        findings = examine(PLEX_URL=scanning.url)

    assert wrong(findings) == {"scan": "warning"}
    assert "Wait for the scan to end" in text(findings, "scan")


def test_a_lost_record_is_found_before_a_run_takes_guesses_for_ratings(examine, state):
    with Simulator.start(synthetic=20) as plex:
        track = plex.dump()["tracks"][0]["ratingKey"]
        plex.mood(track, add="Rating_Inferred")
        plex.rate(track, 7.33)

        findings = examine(PLEX_URL=plex.url)

    assert wrong(findings) == {"record": "error"}
    assert "1 tracks in Plex bear the tag" in text(findings, "record")
    assert not state.exists()


def test_the_record_of_another_library_of_the_name_is_a_fault(examine, plex, state):
    before = Identity(plex.dump()["machineIdentifier"], "before", "1", "Music")
    with ShadowStore.open(f"sqlite:///{state}", before, create=True) as store:
        store.confirm(Level.TRACK, [shadow("a", 7.0)])

    assert wrong(examine()) == {"record": "error"}


def test_the_configured_prefect_server_is_asked_how_it_is(plex):
    with canned_plex({"/api/health": "true"}) as healthy:
        well = prefect_at(healthy.plex_url)

    assert (well.state, well.said.split()[-1]) == ("ok", f"{healthy.plex_url}/api.")
    assert prefect_at(plex.url).state == "ok"  # it wants a key, so it is there
    assert prefect_at(NOBODY).state == "error"


def prefect_at(url: str) -> Finding:
    """Return what is said of a Prefect server."""
    with temporary_settings({PREFECT_API_URL: f"{url}/api"}):
        return check_prefect()


@pytest.mark.parametrize(("state", "status"), [("warning", 0), ("error", 1)])
def test_a_report_says_everything_in_words_and_only_faults_count(capsys, state, status):
    found = [
        Finding("scan", "ok", "[b]All[/b] is :smile: well."),
        Finding("token", state, "It is wrong.", ARTICLE),
    ]

    assert report(found) == status

    shown = capsys.readouterr().out
    assert "[b]All[/b] is :smile: well." in shown
    assert state in shown
    cells = [line.split("│")[-2].strip() for line in shown.splitlines() if "│" in line]
    assert "".join(cells) == ARTICLE
