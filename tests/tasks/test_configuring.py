"""What people type becomes an address, and a file with every documented key."""

from pathlib import Path

import pytest

from engine.errors import SettingsInvalid
from tasks.configuring import as_text, complete, template, write_new

DOCUMENTED = [
    "version",
    "PLEX_URL",
    "PLEX_TOKEN",
    "LIBRARY_NAME",
    "CONFIDENCE_C",
    "BIAS_CRITIC",
    "WEIGHT_CRITIC",
    "WEIGHT_GLOBAL",
    "DRY_RUN",
    "INFERRED_TAG",
    "DYNAMIC_PRECISION",
    "COOLDOWN_BATCH",
    "COOLDOWN_SLEEP",
    "ALBUM_INHERITANCE_GRAVITY",
    "TRACK_INHERITANCE_GRAVITY",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("plex.local", "http://plex.local:32400"),
        ("10.0.0.2:8080", "http://10.0.0.2:8080"),
        ("http://10.0.0.2/", "http://10.0.0.2:32400"),
        ("http://10.0.0.2:32400/web/index.html#!/", "http://10.0.0.2:32400"),
        ("[::1]", "http://[::1]:32400"),
        ("https://plex.example.org", "https://plex.example.org"),
        ("http://example.org/plex/", "http://example.org/plex"),
    ],
)
def test_what_people_leave_out_of_an_address_is_added(typed: str, meant: str) -> None:
    assert complete(typed) == meant


@pytest.mark.parametrize("typed", ["ftp://host", "http://", "http://host:port"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"address|Port"):
        complete(typed)


def test_the_example_is_what_the_program_writes_with_placeholders() -> None:
    example = Path(__file__).parents[2] / "config.example.json"
    written = template("http://your-server-ip:32400", "your-token-here", "Music")

    assert example.read_text("utf-8") == as_text(written)
    assert list(written) == DOCUMENTED


def test_a_new_file_is_for_its_owner_only_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    write_new(path, "first")

    with pytest.raises(SettingsInvalid, match="left alone"):
        write_new(path, "second")

    assert path.read_text("utf-8") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_where_nothing_can_be_written_a_person_is_told_what_to_do(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsInvalid, match=r"Copy config\.example\.json"):
        write_new(tmp_path / "gone" / "config.json", "text")
