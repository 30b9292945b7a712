"""Where the configuration is, and what stands in it, before anybody understands it."""

import json
import os
import re
from pathlib import Path
from typing import Any

from engine.errors import ConfigMissing, SettingsInvalid, UsageError

DEFAULT_PATH = Path("config.json")

ARTICLE = (
    "https://support.plex.tv/articles/"
    "204059436-finding-an-authentication-token-x-plex-token/"
)


def config_path(path: Path | None) -> Path:
    """Return where the configuration is: as given, or the usual place."""
    usual = os.environ.get("PLEXBAYES_CONFIG") or DEFAULT_PATH
    return path or Path(usual)


def config_named(name: str) -> Path | None:
    """Return another configuration beside the usual one, by its name.

    A run in the Prefect UI chooses by name, so that nobody there can make this
    machine read any file.

    Args:
        name: Such as `kids` for kids.json; empty: the usual one (None).

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
    """Return what a configuration file holds.

    Args:
        path: The file.
        required: Whether it must exist; else the environment may say enough.

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
