"""Making a configuration: what people type becomes a file that a run understands."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engine.errors import SettingsInvalid
from tasks.output_files import draft
from tasks.settings import Settings

PORT = 32400
"""Where a Plex Media Server listens unless told otherwise."""

LAST_DOCUMENTED = "track_inheritance_gravity"
"""Settings after this one are for few people, and not put into a new file."""


def complete(address: str) -> str:
    """Return a server's address as typed or copied, with what people leave out.

    The port is only added where Plex itself must be meant: https without a port,
    or a path, leads through a proxy.

    Raises:
        ValueError: It is not an address.

    >>> complete("plex.local")
    'http://plex.local:32400'
    """
    parts = urlsplit(address if "://" in address else f"http://{address}")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(f"{address!r} is not an address.")
    path = re.sub(r"/web(/.*)?$", "", parts.path).rstrip("/")
    is_plain = parts.scheme == "http" and parts.port is None and not path
    port = f":{PORT}" if is_plain else ""
    return f"{parts.scheme}://{parts.netloc}{port}{path}"


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
    except OSError as fault:
        raise SettingsInvalid(
            f"{path} cannot be written: {fault.strerror}. Enter by hand: "
            + ", ".join(f"{key} {value:g}" for key, value in values.items())
        ) from None
