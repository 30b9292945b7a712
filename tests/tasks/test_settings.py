"""What a user may choose is understood, and every mistake is named at once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.classic import Constants
from engine.errors import SettingsInvalid
from tasks.config.settings import Settings, load_settings
from tests.tasks.building import ENOUGH, HIDDEN

ORIGINAL = {
    "version": "1.1.1",
    "PLEX_URL": "http://your-server-ip:32400",
    "PLEX_TOKEN": "your-token-here",
    "LIBRARY_NAME": "Music",
    "CONFIDENCE_C": 3.0,
    "BIAS_CRITIC": 1.5,
    "WEIGHT_CRITIC": 3.0,
    "WEIGHT_GLOBAL": 1.0,
    "DRY_RUN": True,
    "INFERRED_TAG": "Rating_Inferred",
    "DYNAMIC_PRECISION": True,
    "COOLDOWN_BATCH": 25,
    "COOLDOWN_SLEEP": 5,
    "ALBUM_INHERITANCE_GRAVITY": 0.2,
    "TRACK_INHERITANCE_GRAVITY": 0.3,
}
"""What stands in the file that the original program makes."""

Load = Callable[..., tuple[Settings, list[str]]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Load a file that says enough and what is given besides."""

    def load(**keys: Any) -> tuple[Settings, list[str]]:
        path = tmp_path / "config.json"
        path.write_text(json.dumps(ENOUGH | keys), encoding="utf-8")
        return load_settings(path)

    return load


@pytest.fixture
def refusal(load: Load) -> Callable[..., str]:
    """Return what is said to keys that cannot be used."""

    def refusal(**keys: Any) -> str:
        with pytest.raises(SettingsInvalid) as refused:
            load(**keys)
        return str(refused.value)

    return refusal


def test_what_is_not_said_is_as_in_the_original(load):
    settings, _ = load()

    usual = {k: v for k, v in ORIGINAL.items() if k not in ENOUGH}
    assert {key: getattr(settings, key.lower()) for key in usual} == usual


def test_the_file_of_the_original_needs_two_edits_and_causes_no_remark(load):
    edited = {"PLEX_TOKEN": f" {HIDDEN}\n"}  # as it may be pasted

    settings, warnings = load(**ORIGINAL | ENOUGH | edited)

    assert settings.plex_token.get_secret_value() == HIDDEN
    assert warnings == []


def test_server_and_token_have_no_default(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")

    with pytest.raises(SettingsInvalid, match=r"(?s)PLEX_URL.*PLEX_TOKEN"):
        load_settings(path)


WRONG = [
    ("PLEX_URL", "ftp://host", "http(s)://host:32400"),
    ("PLEX_URL", 7, "http(s)://host:32400"),
    ("LIBRARY_NAME", "", "a music library"),
    ("CONFIDENCE_C", 0, "a number above 0"),
    ("CONFIDENCE_C", "much", "a number above 0"),
    ("CONFIDENCE_C", True, "a number above 0"),
    ("CONFIDENCE_C", None, "a number above 0"),
    ("CONFIDENCE_C", float("nan"), "a number above 0"),
    ("CONFIDENCE_C", float("inf"), "a number above 0"),
    ("BIAS_CRITIC", -10, "a number above -10"),
    ("WEIGHT_CRITIC", -0.1, "a number, 0 or more"),
    ("WEIGHT_GLOBAL", -1, "a number, 0 or more"),
    ("DRY_RUN", "maybe", "true or false"),
    ("DRY_RUN", "", "true or false"),
    ("DRY_RUN", None, "true or false"),
    ("DRY_RUN", 2, "true or false"),
    ("INFERRED_TAG", "one, two", "without commas"),
    ("INFERRED_TAG", " padded", "without commas"),
    ("INFERRED_TAG", "x" * 101, "at most 100 characters"),
    ("INFERRED_TAG", 5, "a mood"),
    ("COOLDOWN_BATCH", -1, "a whole number, 0 or more"),
    ("COOLDOWN_BATCH", 2.5, "a whole number, 0 or more"),
    ("COOLDOWN_BATCH", True, "a whole number, 0 or more"),
    ("COOLDOWN_SLEEP", -0.5, "seconds, 0 or more"),
    ("COOLDOWN_MODE", "gentle", "adaptive or fixed"),
    ("ALBUM_INHERITANCE_GRAVITY", 1.1, "a number from 0 to 1"),
    ("TRACK_INHERITANCE_GRAVITY", -0.1, "a number from 0 to 1"),
    ("TIMEOUT", 0, "seconds, above 0"),
    ("RETRIES", -1, "a whole number from 0 to 20"),
    ("RETRIES", 21, "a whole number from 0 to 20"),
    ("RETRY_DELAY", -1, "seconds, 0 or more"),
    ("WAIT_FOR_OTHERS", -1, "seconds, 0 or more"),
    ("RUN_RETENTION_DAYS", 0, "days, above 0 to 36500, or null"),
    ("RUN_RETENTION_DAYS", 1e9, "days, above 0 to 36500, or null"),
    ("WEBHOOK_QUIET", -1, "seconds, 0 or more"),
    ("version", 1.1, "a version such as 1.1.1"),
]


@pytest.mark.parametrize(("key", "value", "allowed"), WRONG)
def test_a_mistake_is_named_with_what_is_allowed(refusal, key, value, allowed):
    lines = refusal(**{key: value}).splitlines()

    assert len(lines) == 2
    assert lines[1].startswith(f"  {key} = {value!r}: ")
    assert allowed in lines[1].rpartition("(allowed: ")[2]


LIMITS = [
    ("BIAS_CRITIC", -9.99),
    ("WEIGHT_CRITIC", 0),
    ("INFERRED_TAG", ""),
    ("INFERRED_TAG", "x" * 100),
    ("INFERRED_TAG", "Ünsicher: 50 % & mehr 🎷"),
    ("COOLDOWN_BATCH", 0),
    ("COOLDOWN_SLEEP", 0),
    ("COOLDOWN_SLEEP", 0.5),
    ("ALBUM_INHERITANCE_GRAVITY", 0),
    ("TRACK_INHERITANCE_GRAVITY", 1),
    ("RETRIES", 0),
]


@pytest.mark.parametrize(("key", "value"), LIMITS)
def test_the_limits_themselves_are_allowed(load, key, value):
    settings, _ = load(**{key: value})

    assert getattr(settings, key.lower()) == value


def test_all_mistakes_are_named_at_once(refusal):
    text = refusal(CONFIDENCE_C=0, DRY_RUN="maybe", RETRIES=99, LIBRARY_NAME=5)

    named = [line.split()[0] for line in text.splitlines()[1:]]
    assert sorted(named) == ["CONFIDENCE_C", "DRY_RUN", "LIBRARY_NAME", "RETRIES"]


@pytest.mark.parametrize("others", [{}, {"CONFIDENCE_C": 0}])
def test_a_prior_must_weigh_something(refusal, others):
    text = refusal(WEIGHT_CRITIC=0, WEIGHT_GLOBAL=0, **others)

    assert "WEIGHT_CRITIC and WEIGHT_GLOBAL must not both be 0" in text
    assert all(key in text for key in others)


@pytest.mark.parametrize(
    ("said", "meant"),
    [("true", True), ("false", False), ("True", True), ("FALSE", False)],
)
def test_true_and_false_may_be_said_as_words(load, said, meant):
    settings, _ = load(DRY_RUN=said)

    assert settings.dry_run is meant


@pytest.mark.parametrize(
    ("key", "example"),
    [
        ("PLEX_URL", "http://your-server-ip:32400"),
        ("PLEX_TOKEN", "your-token-here"),
        ("PLEX_TOKEN", "ENTER_TOKEN_HERE"),
    ],
)
def test_an_example_that_nobody_edited_is_recognised(refusal, key, example):
    _, line = refusal(**{key: example}).splitlines()

    assert line.startswith(f"  {key}")
    assert "still the example: edit it" in line


@pytest.mark.parametrize(
    "url", ["host", "HTTP://HOST:32400", " http://host ", "http://host:32400/web/#!/"]
)
def test_an_address_is_repaired_as_init_repairs_it(load, url):
    settings, warnings = load(PLEX_URL=url)

    assert settings.plex_url == "http://host:32400"
    assert warnings == []


@pytest.mark.parametrize(
    "token", ["two words", "two\nlines", "a\rreturn", "no\x00control", "маркер"]
)
def test_a_token_that_cannot_be_sent_is_a_mistake_and_not_shown(refusal, token):
    text = refusal(PLEX_TOKEN=token)

    assert "PLEX_TOKEN: tokens have plain letters only, no blanks and no line" in text
    assert token not in text


@pytest.mark.parametrize("blank", ["", "  ", "\t\n"])
def test_a_blank_token_is_a_missing_one(refusal, blank):
    assert "PLEX_TOKEN: missing" in refusal(PLEX_TOKEN=blank)


@pytest.mark.parametrize(
    ("version", "warns"),
    [("1.1.1", False), ("1.2.1", True), ("1.0", True), ("0.9", True)],
)
def test_another_version_is_warned_about(load, version, warns):
    _, warnings = load(version=version)

    assert [f"is of version {version};" in text for text in warnings] == [True] * warns


@pytest.mark.parametrize("version", ["2", "2.0.0", "10.1"])
def test_a_file_for_a_newer_program_is_refused(refusal, version):
    text = refusal(version=version)

    assert f"version = '{version}': written for a newer program" in text


def test_the_model_gets_its_constants_and_settings_do_not_change(load):
    settings, _ = load(CONFIDENCE_C=6, ALBUM_INHERITANCE_GRAVITY=0.7)

    assert settings.constants == Constants(confidence=6, album_gravity=0.7)
    with pytest.raises(ValidationError):
        settings.dry_run = False
