"""Making a configuration: what people type becomes a file that a run understands."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import SettingsInvalid
from tasks.config.output_files import draft
from tasks.config.settings import Settings

LAST_DOCUMENTED = "track_inheritance_gravity"
"""Settings after this one are for few people, and not put into a new file."""


def template(address: str, token: str, library: str) -> dict[str, Any]:
    """Return a configuration with every documented key in its order.

    All but what is given here has the value that a missing key would have.
    """
    chosen = {"plex_url": address, "plex_token": token, "library_name": library}
    document = {}
    for name, setting in Settings.model_fields.items():
        key = name if name == "version" else name.upper()
        document[key] = chosen.get(name, setting.default)
        if name == LAST_DOCUMENTED:
            break
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
