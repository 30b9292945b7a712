"""Files of a person are written whole, for them alone, and never by mistake."""

import csv
import json
import os
import resource
import signal
from pathlib import Path

import pytest

from engine.errors import SettingsInvalid, UsageError
from tasks.config.config_file import as_text, change, write_new
from tasks.config.output_files import (
    draft,
    refuse_output,
    rotate,
    write_bytes,
    write_csv,
    write_text,
)
from tasks.config.settings import template
from tests.tasks.test_settings import ORIGINAL


def test_a_new_file_is_accepted_and_none_is_needed(tmp_path):
    refuse_output(tmp_path / "report.json", [], overwrite=False)
    refuse_output(None, [tmp_path], overwrite=False)


def test_an_existing_file_is_only_replaced_on_request(tmp_path):
    path, link = tmp_path / "report.json", tmp_path / "link"
    path.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")

    for there in (path, link):
        with pytest.raises(UsageError, match="pass --overwrite"):
            refuse_output(there, [], overwrite=False)
        refuse_output(there, [], overwrite=True)

    assert path.read_text() == "mine"


def test_a_file_that_plexbayes_uses_is_never_overwritten(tmp_path):
    record = tmp_path / "plexbayes.db"
    record.write_text("precious")
    (tmp_path / "soft").symlink_to(record)
    (tmp_path / "hard").hardlink_to(record)
    (tmp_path / "folder").mkdir()
    later = tmp_path / "later.db"  # does not exist yet

    for name in ("plexbayes.db", "soft", "hard", "folder/../plexbayes.db", "later.db"):
        with pytest.raises(UsageError, match="never overwritten"):
            refuse_output(tmp_path / name, [record, later], overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_regular_file_is_refused(tmp_path, overwrite):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    for path in (pipe, tmp_path, Path("/dev/null")):
        with pytest.raises(UsageError, match="not a regular file"):
            refuse_output(path, [], overwrite=overwrite)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        refuse_output(tmp_path / "gone" / "report.json", [], overwrite=False)


def test_a_link_is_replaced_and_not_followed(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("untouched")
    link.symlink_to(target)

    write_text(link, "report")

    assert target.read_text() == "untouched"
    assert not link.is_symlink()
    assert link.read_text() == "report"


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_written_file_is_for_its_owner_alone(tmp_path, umask):
    path = tmp_path / "report.json"
    former = os.umask(umask)
    try:
        write_bytes(path, b"report")
    finally:
        os.umask(former)

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_write_that_breaks_off_leaves_the_former_file_and_no_draft(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("former")

    def rows():
        yield ("half",)
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left on device"):
        write_csv(path, ["head"], rows())

    assert path.read_text() == "former"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_draft_leaves_nothing_behind(tmp_path):
    def write() -> None:
        with draft(tmp_path / "config.json") as file:
            file.write("PLEX_TOKEN")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()

    assert list(tmp_path.iterdir()) == []


def test_a_table_comes_back_as_it_was_but_no_cell_of_it_is_a_formula(tmp_path):
    rows = [("1", "2", "3"), ("a,b", 'quote "', "two\nlines"), ("ü", "", "★")]

    write_csv(tmp_path / "plan.csv", rows[0], [*rows[1:], ("=1+1", -3, "@x")])

    with (tmp_path / "plan.csv").open(encoding="utf-8", newline="") as file:
        read = [tuple(row) for row in csv.reader(file)]
    assert read == [*rows, ("'=1+1", "-3", "'@x")]


def test_earlier_reports_are_kept_in_order_up_to_a_number(tmp_path):
    path = tmp_path / "plan.csv"
    for number in range(5):
        rotate(path, kept=3)
        write_text(path, str(number))

    kept = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert kept == {"plan.csv": "4", "plan.1.csv": "3", "plan.2.csv": "2"}


def test_the_example_is_what_the_program_writes_with_placeholders():
    example = Path(__file__).parents[2] / "config.example.json"
    written = template("http://your-server-ip:32400", "your-token-here", "Music")

    assert example.read_text("utf-8") == as_text(written)
    assert list(written) == list(ORIGINAL)


def test_a_new_file_is_for_its_owner_only_and_replaces_none(tmp_path):
    path = tmp_path / "config.json"
    write_new(path, "first")

    with pytest.raises(SettingsInvalid, match="left alone"):
        write_new(path, "second")

    assert path.read_text("utf-8") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(SettingsInvalid, match=r"Copy config\.example\.json"):
        write_new(tmp_path / "gone" / "config.json", "text")


def test_a_full_disk_leaves_the_old_file_and_no_copy_with_the_token(tmp_path):
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


def test_a_change_keeps_what_it_is_not_about(tmp_path):
    path = tmp_path / "config.json"
    kept = {"PLEX_TOKEN": "s3same-0pen", "CONFIDENCE_C": 3, "more": 1}
    path.write_text(as_text(kept))
    path.chmod(0o640)

    change(path, {"CONFIDENCE_C": 6})

    assert json.loads(path.read_text()) == kept | {"CONFIDENCE_C": 6}
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]
