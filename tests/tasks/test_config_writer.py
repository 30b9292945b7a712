"""A configuration is written with every documented key, whole or not at all."""

import json
import resource
import signal
from pathlib import Path

import pytest

from engine.errors import SettingsInvalid
from tasks.config.config_file import as_text, change, write_new
from tasks.config.settings import template
from tests.tasks.test_settings import ORIGINAL


def test_the_example_is_what_the_program_writes_with_placeholders() -> None:
    example = Path(__file__).parents[2] / "config.example.json"
    written = template("http://your-server-ip:32400", "your-token-here", "Music")

    assert example.read_text("utf-8") == as_text(written)
    assert list(written) == list(ORIGINAL)


def test_a_new_file_is_for_its_owner_only_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    write_new(path, "first")

    with pytest.raises(SettingsInvalid, match="left alone"):
        write_new(path, "second")

    assert path.read_text("utf-8") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(SettingsInvalid, match=r"Copy config\.example\.json"):
        write_new(tmp_path / "gone" / "config.json", "text")


def test_a_full_disk_leaves_the_old_file_and_no_copy_with_the_token(
    tmp_path: Path,
) -> None:
    path = tmp_path / "config.json"
    before = as_text({"PLEX_TOKEN": "s3same-0pen", "CONFIDENCE_C": 3, "pad": "x" * 99})
    path.write_text(before)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write fails as on a full disk
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
    try:
        with pytest.raises(SettingsInvalid, match="Enter by hand: CONFIDENCE_C 6"):
            change(path, {"CONFIDENCE_C": 6})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert path.read_text() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_change_keeps_what_it_is_not_about(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    kept = {"PLEX_TOKEN": "s3same-0pen", "CONFIDENCE_C": 3, "more": 1}
    path.write_text(as_text(kept))
    path.chmod(0o640)

    change(path, {"CONFIDENCE_C": 6})

    assert json.loads(path.read_text()) == kept | {"CONFIDENCE_C": 6}
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
