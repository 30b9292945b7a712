"""Where the configuration is, what stands in it, and how it is written."""

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ConfigMissing, SettingsInvalid, UsageError
from tasks.config.output_files import REPORTS, draft

DEFAULT_PATH = Path("config.json")

ARTICLE = (
    "https://support.plex.tv/articles/"
    "204059436-finding-an-authentication-token-x-plex-token/"
)


def config_path(path: Path | None) -> Path:
    """Return where the configuration is: as given, or the usual place."""
    usual = os.environ.get("PLEXBAYES_CONFIG") or DEFAULT_PATH
    return path or Path(usual)


def reports_folder(config: Path | None) -> Path:
    """Return the folder for reports that nobody named a file for."""
    return config_path(config).resolve().parent / REPORTS


def config_named(name: str) -> Path | None:
    """Return another configuration beside the usual one, by its name.

    A run in the Prefect UI chooses by name, such as `kids` for kids.json, so that
    nobody there can make this machine read any file.

    Raises:
        UsageError: It is not a name.
    """
    if not name:
        return None
    if not re.fullmatch(r"\w[\w-]*", name):
        raise UsageError(
            f"config = {name!r} is not a name. Use a name such as kids for kids.json "
            "in the folder of the usual configuration, or leave it empty."
        )
    return config_path(None).with_name(f"{name}.json")


def read_document(path: Path, *, required: bool) -> dict[str, Any]:
    """Return what a configuration file holds; {} if the environment says enough.

    Raises:
        ConfigMissing: There is no such file.
        SettingsInvalid: It holds no JSON object.
    """
    if not path.exists():
        if required or not os.environ.get("PLEXBAYES_PLEX_URL"):
            raise ConfigMissing(
                f"There is no {path}. `plexbayes init` makes one by asking; or copy "
                "config.example.json and enter PLEX_URL, PLEX_TOKEN and "
                f"LIBRARY_NAME. How to find the token: {ARTICLE}",
                str(path),
            )
        return {}
    document = read_json(path)
    if not isinstance(document, dict):
        raise SettingsInvalid(f"{path} must hold one JSON object in braces.")
    return document


def read_json(path: Path) -> object:
    """Return what a file of a person's holds, understood as JSON.

    Raises:
        SettingsInvalid: It cannot be read, or is none; the message says where.
    """
    try:
        document: object = json.loads(path.read_text(encoding="utf-8-sig"))
        json.dumps(document, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise SettingsInvalid(
            f"{path} is not valid JSON: line {error.lineno}, column {error.colno}: "
            f"{error.msg}. Correct it there; nothing was changed."
        ) from None
    except (OSError, ValueError, RecursionError) as error:
        # Such as endless numbers, halves of characters, or brackets without end.
        raise SettingsInvalid(f"{path} cannot be read: {error}.") from None
    return document


def as_text(document: Mapping[str, Any]) -> str:
    """Return a configuration as it stands in its file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all.

    Raises:
        SettingsInvalid: There is such a file, or it cannot be written.
    """
    try:
        path.touch(0o600, exist_ok=False)  # whoever creates it first keeps it
    except FileExistsError:
        raise SettingsInvalid(f"There is a {path} by now; it was left alone.") from None
    except OSError as error:
        raise _not_written(path, error) from None
    try:
        with draft(path) as file:
            file.write(text)
    except OSError as error:
        path.unlink()
        raise _not_written(path, error) from None


def _not_written(path: Path, error: OSError) -> SettingsInvalid:
    return SettingsInvalid(
        f"{path} cannot be written: {error.strerror}. "
        "Copy config.example.json there and edit it."
    )


def change(path: Path, values: Mapping[str, Any]) -> None:
    """Change some keys of a configuration, whole or not at all.

    All else stays: the other keys, the order, and who may read the file.

    Raises:
        SettingsInvalid: There is no such file, or it cannot be written.
    """
    path = path.resolve()
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        with draft(path) as file:
            file.write(as_text(document | values))
            shutil.copymode(path, file.name)
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be written: {error.strerror}. Enter by hand: "
            + ", ".join(f"{key} {value:g}" for key, value in values.items())
        ) from None
