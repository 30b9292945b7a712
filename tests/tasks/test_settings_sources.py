"""Where settings come from, and what of them is never shown."""

import json
from pathlib import Path

import pytest
from sqlalchemy import make_url

from engine.errors import SettingsInvalid
from tasks.config.config_file import ARTICLE
from tasks.config.settings import Settings, load_settings
from tests.tasks.building import ENOUGH, HIDDEN


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A path in the folder that we are in; nothing is there yet."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config.json"


def load(path: Path, document: object) -> tuple[Settings, list[str]]:
    path.write_text(json.dumps(document), encoding="utf-8")
    return load_settings(path)


def refusal_of(path: Path, document: object) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load(path, document)
    return str(refused.value)


def test_the_environment_overrides_the_file(path, monkeypatch):
    monkeypatch.setenv("PLEXBAYES_CONFIDENCE_C", "7.5")
    monkeypatch.setenv("PLEXBAYES_DRY_RUN", "false")

    settings, _ = load(path, ENOUGH | {"CONFIDENCE_C": 4, "DRY_RUN": True})

    assert (settings.confidence_c, settings.dry_run) == (7.5, False)

    monkeypatch.setenv("PLEXBAYES_RETRIES", "often")
    assert "RETRIES = 'often'" in refusal_of(path, ENOUGH)


def test_the_environment_alone_may_say_enough(path, monkeypatch):
    for key, value in ENOUGH.items():
        monkeypatch.setenv(f"PLEXBAYES_{key}", value)

    settings, warnings = load_settings()

    assert settings.plex_url == "http://host:32400"
    assert warnings == []


def test_an_empty_value_in_the_environment_is_none_at_all(path, monkeypatch):
    document = ENOUGH | {"DRY_RUN": False, "CONFIDENCE_C": 4}
    for key in ("CONFIG", *document):
        monkeypatch.setenv(f"PLEXBAYES_{key}", "")
    path.write_text(json.dumps(document), encoding="utf-8")

    settings, _ = load_settings()

    assert (settings.dry_run, settings.confidence_c) == (False, 4)
    assert settings.plex_url == "http://host:32400"
    assert settings.plex_token.get_secret_value() == HIDDEN


def test_the_environment_may_name_the_file_if_nobody_else_does(path, monkeypatch):
    elsewhere = path.with_name("other.json")
    elsewhere.write_text(json.dumps(ENOUGH | {"LIBRARY_NAME": "Jazz"}))
    monkeypatch.setenv("PLEXBAYES_CONFIG", str(elsewhere))

    assert load_settings()[0].library_name == "Jazz"
    assert load(path, ENOUGH)[0].library_name == "Music"


def test_a_file_that_the_environment_names_must_be_there(path, monkeypatch):
    monkeypatch.setenv("PLEXBAYES_CONFIG", "mistyped.json")
    for key, value in ENOUGH.items():
        monkeypatch.setenv(f"PLEXBAYES_{key}", value)

    with pytest.raises(SettingsInvalid, match=r"mistyped\.json"):
        load_settings()


def test_a_missing_file_is_explained(path):
    with pytest.raises(SettingsInvalid) as refused:
        load_settings()

    text = str(refused.value)
    assert text.startswith("There is no config.json. `plexbayes init` makes one")
    assert text.endswith(ARTICLE)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"PLEX_URL": "x",\n "A": }', "line 2, column 7"),
        ('{"PLEX_URL": "x",\n 1}', "line 2, column 2"),
        ('{\n\n"PLEX_URL": "x', "line 3, column 13"),
        ("", "line 1, column 1"),
        ("{'PLEX_URL': 'x'}", "line 1, column 2"),
    ],
)
def test_broken_json_is_named_by_line_and_column(path, text, place):
    path.write_text(text, encoding="utf-8")

    with pytest.raises(SettingsInvalid, match=f"is not valid JSON: {place}"):
        load_settings(path)


@pytest.mark.parametrize("document", [[], [ENOUGH], 3, "text", None])
def test_anything_but_an_object_is_refused(path, document):
    assert "must hold one JSON object in braces" in refusal_of(path, document)


def test_a_file_in_another_encoding_and_a_folder_cannot_be_read(path):
    path.write_bytes('{"LIBRARY_NAME": "Müsik"}'.encode("latin-1"))

    for place in (path, path.parent):
        with pytest.raises(SettingsInvalid, match="cannot be read"):
            load_settings(place)


def test_a_byte_order_mark_does_no_harm(path):
    path.write_text(json.dumps(ENOUGH), encoding="utf-8-sig")

    settings, _ = load_settings(path)

    assert settings.plex_url == "http://host:32400"


def test_unknown_keys_are_remarked_upon_without_their_values(path):
    _, warnings = load(path, ENOUGH | {"PLEX_TOKN": HIDDEN, "plex_url": "x"})

    assert warnings == [
        f"{path}: unknown key PLEX_TOKN is ignored.",
        f"{path}: unknown key plex_url is ignored.",
    ]


@pytest.mark.parametrize(
    "keys",
    [
        {"CONFIDENCE_C": -1},
        {"PLEX_TOKEN": [HIDDEN]},
        {"PLEX_TOKEN": {"is": HIDDEN}},
        {"STATE_URL": [f"postgresql://me:{HIDDEN}@host/name"]},
        {"WEIGHT_CRITIC": 0, "WEIGHT_GLOBAL": 0},
        {"PLEX_URL": f"http://host/?X-Plex-Token={HIDDEN}"},
        {"PLEX_URL": f"http://host/#{HIDDEN}"},
        {"PLEX_URL": f"host?X-Plex-Token={HIDDEN}"},
        {"PLEX_URL": f"http://me:{HIDDEN}/@host"},
        {"PLEX_URL": f"me:{HIDDEN}#@host"},
        {"PLEX_URL": f"ftp://me:{HIDDEN}@host"},
        {"PLEX_URL": [f"http://me:{HIDDEN}@host"]},
        {"PLEX_URL": {HIDDEN: f"http://me:{HIDDEN}@host"}},
    ],
)
def test_no_refusal_shows_a_secret(path, keys):
    document = {"STATE_URL": f"postgresql://me:{HIDDEN}@host/name"} | ENOUGH | keys

    assert HIDDEN not in refusal_of(path, document)


@pytest.mark.parametrize("show", [repr, str, Settings.model_dump_json])
def test_settings_show_no_secret(path, show):
    url = f"postgresql://me:{HIDDEN}@host/name"
    plex_url = f"http://me:{HIDDEN}@host:32400"
    settings, _ = load(path, ENOUGH | {"STATE_URL": url, "PLEX_URL": plex_url})

    assert HIDDEN not in show(settings)
    assert settings.plex_url == plex_url
    assert settings.state_url.get_secret_value() == url


@pytest.mark.parametrize("name", ["plain", "two words", "a#b", "Müsik", "50%20off?"])
def test_the_record_lies_beside_the_file_if_nothing_else_is_said(path, name):
    folder = path.parent / name
    folder.mkdir()

    for said in (ENOUGH, ENOUGH | {"STATE_URL": ""}):
        settings, _ = load(folder / "config.json", said)

        url = make_url(settings.state_url.get_secret_value())
        assert url.database == str(folder / "plexbayes.db")


@pytest.mark.parametrize("secret", ["short-0123", "with/slash-0123456789", "ü" * 20])
def test_the_secret_of_the_webhook_fits_an_address_and_is_not_shown(path, secret):
    text = refusal_of(path, ENOUGH | {"WEBHOOK_SECRET": secret})

    assert "WEBHOOK_SECRET: too short, or not fit for an address" in text
    assert secret not in text


@pytest.mark.parametrize(
    ("wishes", "step"),
    [
        ({}, 0.02),
        ({"MODEL": "hierarchical"}, 0.1),
        ({"WRITE_PRECISION": 0.05}, 0.1),
        ({"WRITE_PRECISION": 0.001}, 0.01),
    ],
)
def test_ratings_are_written_in_hundredths_of_a_star_or_as_chosen(path, wishes, step):
    settings, _ = load(path, ENOUGH | wishes)

    assert settings.grid.step == step


BANDS = ("Earth, Wind & Fire", "311")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([*BANDS], BANDS),
        (["Earth, Wind & Fire", 311], BANDS),
        ("Abba, Air", ("Abba", "Air")),
        ("", ()),
    ],
)
def test_names_are_a_list_or_one_text_with_commas(path, said, expected):
    settings, _ = load(path, ENOUGH | {"EXCLUDE_ARTISTS": said})

    assert settings.exclude_artists == expected


def test_names_in_the_environment_may_be_a_list_too(path, monkeypatch):
    monkeypatch.setenv("PLEXBAYES_EXCLUDE_ARTISTS", json.dumps(BANDS))

    assert load(path, ENOUGH)[0].exclude_artists == BANDS


@pytest.mark.parametrize("said", [3, True, {"Abba": 1}, [["Abba"]], '["Abba"', None])
def test_what_is_no_list_of_names_is_refused(path, said):
    refusal = refusal_of(path, ENOUGH | {"EXCLUDE_ARTISTS": said})

    assert "EXCLUDE_ARTISTS" in refusal
    assert 'such as ["Abba"]' in refusal
    assert "tuple" not in refusal
