"""Files named on the command line are checked before the work, and never misused."""

import csv
import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from engine.errors import UsageError
from flows import infer as infer_module
from flows import maintenance as maintain
from flows.cli import main as cli
from tasks.config.config_file import config_named

FLOWS = (
    infer_module.infer,
    maintain.verify,
    maintain.undo,
    maintain.rank,
    maintain.recover,
)
REFUSED = {
    "exists. Choose another file, or pass --overwrite": [
        "verify --json mine.svg",
        "undo --live --yes --json mine.svg",
        "rank --json mine.svg",
        "recover --yes --json mine.svg",
        "why 1 --json mine.svg",
        "backtest --json mine.svg",
        "backtest --picture mine.svg",
        "tune --json mine.svg",
        "infer --plan mine.svg",
        "import-state state.json --json mine.svg",
        "export-state mine.svg",
    ],
    "x.svg is named for two outputs": ["backtest --json x.svg --picture ./x.svg"],
    "never overwritten": [
        "verify --json config.json --overwrite",
        "verify --json plexbayes.db --overwrite",
        "verify --json plexbayes.db-wal --overwrite",
        "verify --json plexbayes.db.bak-20260101-000000 --overwrite",
    ],
}


@pytest.mark.parametrize(
    ("says", "words"), [(says, words) for says, own in REFUSED.items() for words in own]
)
def test_a_file_is_refused_before_plex_is_asked(tmp_path, monkeypatch, says, words):
    """Nobody is at that address: asking would be another error."""
    keys = {"PLEX_URL": "http://127.0.0.1:9", "PLEX_TOKEN": "any", "RETRIES": 0}
    (tmp_path / "config.json").write_text(json.dumps(keys))
    for name in ("mine.svg", "plexbayes.db", "plexbayes.db.bak-20260101-000000"):
        (tmp_path / name).touch()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)

    error = CliRunner().invoke(cli.app, words.split()).exception

    assert isinstance(error, UsageError)
    assert says in str(error)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_on_request_a_report_replaces_an_earlier_one(listener):
    report = listener.folder / "rank.json"
    report.write_text("earlier")

    ran = listener.run("rank", "--json", report.name, "--overwrite")

    assert ran.status == 0, ran.err
    assert set(json.loads(report.read_text("utf-8"))) == {"top", "bottom"}
    assert report.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_no_parameter_of_a_flow_names_a_file(flow):
    properties = flow.parameters.properties

    assert not {"plan", "path", "file", "json_file"} & set(properties)
    for name, schema in properties.items():
        assert schema.get("format") not in {"path", "file-path"}, name


@pytest.mark.parametrize(
    "config", ["/etc/passwd", "../config", "config.json", "a/b", ".hidden"]
)
def test_a_flow_takes_the_name_of_a_configuration_and_no_path(config):
    with pytest.raises(UsageError, match="is not a name"):
        config_named(config)


def test_another_configuration_is_chosen_by_name(tmp_path, monkeypatch):
    monkeypatch.setenv("PLEXBAYES_CONFIG", str(tmp_path / "config.json"))

    assert config_named("kids") == tmp_path / "kids.json"
    assert config_named("") is None


def test_the_plan_of_a_run_in_the_ui_goes_to_a_fixed_file(orchestrated):
    run = "from flows.infer import infer; infer(dry_run=True, save_plan=True)"

    subprocess.run(
        [sys.executable, "-P", "-c", f"{run};{run}"],
        cwd=orchestrated.folder,
        env=orchestrated.environment,
        check=True,
        capture_output=True,
    )

    folder = orchestrated.folder / "reports"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.glob("plan*")) == [
        "plan.1.csv",
        "plan.csv",
    ]
    with (folder / "plan.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.reader(file))) > 100
