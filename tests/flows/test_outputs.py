"""Files named on the command line are checked before the work, and never misused."""

import csv
import json
import subprocess
import sys

import pytest

from engine.errors import UsageError
from flows import infer as infer_module
from flows import maintenance as maintain
from tasks.config.config_file import config_named
from tests.flows.listener import Listener
from tests.simulator.process import Simulator

FLOWS = (
    infer_module.infer,
    maintain.verify,
    maintain.undo,
    maintain.rank,
    maintain.recover,
)


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "--json"],
        ["undo", "--live", "--yes", "--json"],
        ["rank", "--json"],
        ["recover", "--yes", "--json"],
        ["why", "1", "--json"],
        ["backtest", "--json"],
        ["backtest", "--picture"],
        ["tune", "--json"],
        ["infer", "--plan"],
        ["import-state", "state.json", "--json"],
        ["export-state"],
    ],
    ids=" ".join,
)
def test_an_existing_file_is_refused_before_plex_is_asked(
    plex: Simulator, listener: Listener, words: list[str]
) -> None:
    mine = listener.folder / "mine.svg"
    mine.write_text("mine")

    ran = listener.run(*words, mine.name)

    assert ran.status == 2
    assert "exists. Choose another file, or pass --overwrite" in ran.err
    assert mine.read_text() == "mine"
    assert plex.counts()["reads"] == 0


def test_two_outputs_are_two_files(plex: Simulator, listener: Listener) -> None:
    ran = listener.run("backtest", "--json", "x.svg", "--picture", "./x.svg")

    assert ran.status == 2
    assert "x.svg is named for two outputs" in ran.err
    assert plex.counts()["reads"] == 0


@pytest.mark.parametrize(
    "name",
    [
        "config.json",
        "plexbayes.db",
        "plexbayes.db-wal",
        "plexbayes.db.bak-20260101-000000",
    ],
)
def test_configuration_and_record_are_never_overwritten(
    plex: Simulator, listener: Listener, name: str
) -> None:
    before = listener.config.read_bytes()
    for file in ("plexbayes.db", "plexbayes.db.bak-20260101-000000"):
        (listener.folder / file).touch()

    ran = listener.run("verify", "--json", name, "--overwrite")

    assert ran.status == 2
    assert "never overwritten" in ran.err
    assert listener.config.read_bytes() == before
    assert plex.counts()["reads"] == 0


def test_on_request_a_report_replaces_an_earlier_one(listener: Listener) -> None:
    report = listener.folder / "rank.json"
    report.write_text("earlier")

    ran = listener.run("rank", "--json", report.name, "--overwrite")

    assert ran.status == 0, ran.err
    assert set(json.loads(report.read_text("utf-8"))) == {"top", "bottom"}
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_no_parameter_of_a_flow_names_a_file(flow) -> None:
    properties = flow.parameters.properties

    assert not {"plan", "path", "file", "json_file"} & set(properties)
    for name, schema in properties.items():
        assert schema.get("format") not in {"path", "file-path"}, name


@pytest.mark.parametrize(
    "config", ["/etc/passwd", "../config", "config.json", "a/b", ".hidden"]
)
def test_a_flow_takes_the_name_of_a_configuration_and_no_path(config) -> None:
    with pytest.raises(UsageError, match="is not a name"):
        config_named(config)


def test_another_configuration_is_chosen_by_name(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PLEXBAYES_CONFIG", str(tmp_path / "config.json"))

    assert config_named("kids") == tmp_path / "kids.json"
    assert config_named("") is None


def test_the_plan_of_a_run_in_the_ui_goes_to_a_fixed_file(
    orchestrated: Listener,
) -> None:
    listener = orchestrated
    run = "from flows.infer import infer; infer(dry_run=True, save_plan=True)"

    subprocess.run(
        [sys.executable, "-P", "-c", f"{run};{run}"],
        cwd=listener.folder,
        env=listener.environment,
        check=True,
        capture_output=True,
    )

    folder = listener.folder / "reports"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["plan.1.csv", "plan.csv"]
    with (folder / "plan.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) > 100
