"""Every fault is one sentence, with the documented status and no traceback."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.planning.undo_plan import Undone
from flows.reports.terminal import count_lines
from tests.flows.listener import Listener
from tests.simulator.process import Simulator


@pytest.fixture(scope="module")
def plex() -> Iterator[Simulator]:
    """A Plex that no test of this module changes."""
    with Simulator.start(synthetic=20) as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _quiet(plex: Simulator) -> None:
    plex.clear_log()


def spoil(listener: Listener, **keys: Any) -> None:
    """Put wrong values into the configuration."""
    good = json.loads(listener.config.read_text())
    listener.config.write_text(json.dumps(good | keys))


@pytest.mark.parametrize(
    ("keys", "status", "says"),
    [
        ({"PLEX_TOKEN": "wrong"}, 1, "refused the token (401)"),
        ({"PLEX_URL": "127.0.0.1:9"}, 1, "Connection refused by 127.0.0.1:9 while"),
        ({"PLEX_URL": "http://nowhere.invalid"}, 1, "nowhere.invalid:32400 is unknown"),
        ({"PLEX_URL": "ftp://x"}, 2, "PLEX_URL = 'ftp://x': not an http(s) address"),
        ({"PLEX_TOKEN": "two\nlines"}, 2, "PLEX_TOKEN: tokens have plain letters"),
        ({"PLEX_URL": "http://your-server-ip:32400"}, 2, "still the example"),
        ({"LIBRARY_NAME": "Jazz"}, 2, "Set LIBRARY_NAME to one of: Music"),
        ({"CONFIDENCE_C": 0, "COOLDOWN_SLEEP": "x"}, 2, "CONFIDENCE_C = 0"),
        ({"STATE_URL": "nonsense"}, 1, "STATE_URL is not a SQLAlchemy URL"),
    ],
)
@pytest.mark.parametrize("command", ["infer", "verify"])
def test_a_wrong_configuration_is_explained(
    plex, listener, command, keys, status, says
):
    spoil(listener, **keys)

    ran = listener.run(command)

    assert ran.status == status
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert plex.counts()["writes"] == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("9", "There is no option 9"),
        ("-1", "There is no option -1"),
        ("infer --phases 5", "are not phases"),
        ("infer --from A --letters B", "not both"),
        ("infer --config nowhere.json", "There is no nowhere.json"),
        ("infer --letters BP", "Cannot read 'BP' as letters"),
        ("infer --letters *", "Cannot read '*' as letters"),
        ("infer --from P-S", '"from P-S" is unclear'),
        ("infer --odd", "No such option"),
        ("undo --yes --letters Beatles", "understood: nothing"),
        ("serve --timezone Mars/Olympus", "'Mars/Olympus' is not a time zone"),
        ("nonsense", "No such command"),
    ],
)
def test_a_wrong_command_line_is_explained(plex, listener, words, says):
    ran = listener.run(*words.split())

    assert ran.status == 2
    assert says in ran.err
    assert "Traceback" not in ran.err
    assert plex.log() == []


def test_a_wrong_number_is_told_which_ones_there_are(listener):
    ran = listener.run("9")

    assert all(f"  {number}  " in ran.err for number in range(9))


def test_an_unknown_letter_is_told_which_there_are(plex, listener):
    ran = listener.run("infer", "--letters", "9,ж")

    assert ran.status == 2
    assert "This library has:" in ran.err
    assert plex.counts()["writes"] == 0


def test_counts_are_told_to_the_last_digit_and_seconds_are_rounded():
    report = Undone(dry_run=False, undone=1_234_567, rested=0.000816314)

    lines = count_lines(report)

    assert "undone: 1234567" in lines
    assert "rested: 0.0 s" in lines
