"""Thirty commands do what they did when they were recorded, request by request.

`python -m tests.flows.test_recorded_runs` records them anew into
tests/golden/runs.json; do that only when one of them is meant to change.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.flows.listener import Listener, ratings
from tests.flows.test_faults import under_one_artist
from tests.simulator.process import Simulator

GOLDEN = Path(__file__).parents[1] / "golden" / "runs.json"

UNSTEADY = (
    (r"(skipRefresh|includeGuids)=[^ ]*", "..."),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "RUN"),
    (r"(?<=--run )[0-9a-f]{8}", "RUN"),
    (r"127\.0\.0\.1:\d+", "PLEX"),
    (r"\b\d+(\.\d+)? (s|ms|min)\b", "TIME"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?", "DATE"),
    (r"(?<=at>=)\d+|(?<=At<=)\d+|(?<=at<=)\d+|(?<=at<)\d{9,}|(?<=at>)\d{9,}", "DATE"),
    (r"=\d{9,}(?!\d)", "=DATE"),
)
"""What is different each time."""
TIMES = {"run_id", "seconds", "worked", "rested", "unchanged_since", "report"}
"""Likewise, in the report of `--json`, with the path of the page."""


REFUSED = {"match": {"method": "GET"}, "do": "status", "code": 401}


class Run(NamedTuple):
    """A command, and what happens to Plex or the folder before it."""

    words: str
    first: Callable[[Listener], object] = lambda _: None


def _fail_one_letter(listener: Listener) -> None:
    _, keys = under_one_artist(listener.plex.dump())
    match = {"method": "PUT", "ratingKeys": keys}
    listener.plex.faults([{"match": match, "do": "status", "code": 500}])


def _rate_and_clear(listener: Listener) -> None:
    given = sorted(ratings(listener.plex.dump()))
    listener.plex.rate(given[3], 9.0)
    listener.plex.rate(given[-3], None)


LIVES: dict[str, tuple[Run, ...]] = {
    "whole": (
        Run("infer --dry-run"),
        Run("infer"),
        Run("verify --json report.json"),
        Run("infer"),
        Run("infer", _rate_and_clear),
        Run("rank --json report.json"),
        Run("rank --albums -n 5"),
        Run("why 1012 --json report.json"),
        Run("undo --dry-run --json report.json"),
        Run("undo --letters B-D --live --yes --json report.json"),
        Run("verify"),
        Run("infer --letters B-D"),
        Run("export-state copy.json"),
        Run("recover --dry-run", lambda listener: listener.state.unlink()),
        Run("recover --live --yes --json report.json"),
        Run("undo --live --yes --json report.json"),
    ),
    "phases": (
        Run("1"),
        Run("2"),
        Run("3 --from M"),
        Run("4 --letters A-C"),
        Run("0 --from M"),
        Run("infer --model hierarchical --accept-large-change"),
        Run("backtest --json report.json"),
        Run("tune --json report.json"),
    ),
    "trouble": (
        Run("infer --letters BP"),
        Run("infer", _fail_one_letter),
        Run("infer", lambda listener: listener.plex.faults([])),
        Run("infer", lambda listener: listener.configure(LIBRARY_NAME="Musik")),
        Run("verify", lambda listener: listener.plex.faults([REFUSED])),
        Run("infer", lambda listener: listener.configure(COOLDOWN_BATCH=-1)),
    ),
}


def played(life: str) -> Iterator[dict[str, Any]]:
    """Play the runs of a life; yield what is steady of each."""
    with (
        Simulator.start(synthetic=300, seed=7) as plex,
        tempfile.TemporaryDirectory() as folder,
    ):
        listener = Listener(Path(folder), plex, "")
        report = listener.folder / "report.json"
        for run in LIVES[life]:
            run.first(listener)
            plex.clear_log()
            report.unlink(missing_ok=True)
            ran = listener.run(*run.words.split())
            own = json.loads(report.read_text("utf-8")) if report.exists() else {}
            yield {
                "words": run.words,
                "status": ran.status,
                "requests": requests_of(plex),
                "out": _steady(ran.out, folder),
                "err": _steady(ran.err, folder) if ran.status == 2 else "",
                "report": _steady_report(ran.summary or own),
            }


def requests_of(plex: Simulator) -> dict[str, int]:
    """Count the requests; letters are written in any order."""
    seen = [_steady(f"{entry['method']} {entry['path']}", "") for entry in plex.log()]
    return {request: seen.count(request) for request in sorted(set(seen))}


def _steady(text: str, folder: str) -> str:
    for pattern, word in UNSTEADY:
        text = re.sub(pattern, word, text)
    return text.replace(folder, "FOLDER") if folder else text


def _steady_report(report: Any) -> Any:
    """Leave out times, and the last digits, in which processors differ."""
    if isinstance(report, dict):
        kept = {name: _steady_report(value) for name, value in report.items()}
        return {name: value for name, value in kept.items() if name not in TIMES}
    if isinstance(report, list):
        return [_steady_report(value) for value in report]
    return float(f"{report:.9g}") if isinstance(report, float) else report


@pytest.mark.parametrize("life", LIVES)
def test_runs_are_as_they_were_recorded(life):
    recorded = json.loads(GOLDEN.read_text("utf-8"))[life]

    for run, before in zip(played(life), recorded, strict=True):
        assert run == before


if __name__ == "__main__":
    recorded = {life: list(played(life)) for life in LIVES}
    GOLDEN.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
