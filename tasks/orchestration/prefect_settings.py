"""The settings of Prefect, which come from everywhere: what is wrong, and where."""

import io
import os
import re
import sys
import tomllib
from base64 import b64encode
from contextlib import redirect_stderr
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, build_opener

from engine.errors import ServerMissing, SettingsInvalid
from tasks.config.redaction import redact_url

if TYPE_CHECKING:
    from pydantic import ValidationError

HEALTH_TIMEOUT = 5.0
"""Seconds that Prefect's server may take to say that it is well."""

LOCKED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""What a server answers that is well, to somebody without its key."""

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")

PROXIES = ("http_proxy", "https_proxy", "all_proxy")

API_URL = "PREFECT_API_URL"


def asks_for_prefect() -> bool:
    """Return whether the environment names a Prefect server that runs are to be on."""
    return bool(os.environ.get(API_URL, "").strip())


def prepare_environment() -> None:
    """Let no proxy come between programs of this machine, and empty values be none."""
    for name in [name for name in os.environ if name.upper().startswith("PREFECT_")]:
        if not os.environ[name].strip():
            del os.environ[name]
    has_proxy = any(os.environ.get(n) or os.environ.get(n.upper()) for n in PROXIES)
    known = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    spared = [host.strip() for host in known.split(",") if host.strip()]
    if has_proxy and "*" not in spared:
        spared += [host for host in LOOPBACK_HOSTS if host not in spared]
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(spared)


def ignore_local_logging_config() -> None:
    """Let no file of the working folder choose how Prefect logs: it may name code."""
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    named = os.environ.get("PREFECT_LOGGING_SETTINGS_PATH")
    usual = named or str(home / "logging.yml")
    os.environ.setdefault("PREFECT_LOGGING_CONFIG_PATH", usual)


def check_settings() -> None:
    """Make sure that Prefect can be imported with the settings that it finds.

    Raises:
        SettingsInvalid: It cannot; the message names the variable or the file.
    """
    said = io.StringIO()  # Prefect prints the same error twice before it raises
    try:
        with redirect_stderr(said):
            from prefect.settings import (  # noqa: PLC0415 (takes a second)
                get_current_settings,
            )

            get_current_settings()
    except (OSError, ValueError) as error:
        from pydantic import ValidationError  # noqa: PLC0415 (--help needs none)

        if isinstance(error, ValidationError):
            raise SettingsInvalid(_wrong_value(error)) from None
        raise SettingsInvalid(
            _wrong_file() or f"Prefect's settings cannot be used: {error}."
        ) from None
    sys.stderr.write(said.getvalue())


def configured_api() -> str:
    """Return the API address of the Prefect server that is configured; maybe none.

    Raises:
        SettingsInvalid: Prefect's settings cannot be used; the message says where.
    """
    prepare_environment()
    check_settings()
    from prefect.settings import PREFECT_API_URL  # noqa: PLC0415 (only now it can be)

    api = (PREFECT_API_URL.value() or "").strip().rstrip("/")
    try:
        parts = urlsplit(api)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_address = False
    if api and not is_address:
        raise SettingsInvalid(
            f"{redact_url(api)!r} is not the address of a Prefect server, such as "
            f"http://127.0.0.1:4200/api. Correct or unset {_origin(API_URL, api)}."
        )
    return api


def check_api(api: str) -> None:
    """Make sure that a Prefect server answers at an address.

    Raises:
        ServerMissing: It does not; the message says who names that address.
    """
    reason = ""
    try:
        is_page = _begin_of(f"{api}/health").startswith(b"<")
        reason = "a web page is there; its API usually ends in /api" if is_page else ""
    except HTTPError as error:
        reason = "" if error.code in LOCKED else str(error)
    except (OSError, ValueError) as error:
        cause = error.reason if isinstance(error, URLError) else error
        reason = getattr(cause, "strerror", None) or str(cause)
    if reason:
        raise ServerMissing(
            f"Prefect's server does not answer at {redact_url(api)} ({reason}). "
            f"Start it, or correct or unset {_origin(API_URL, api)}: without one, "
            "plexbayes starts its own."
        )


def check_access(api: str) -> None:
    """Make sure that a Prefect server, which is there, lets us in.

    Raises:
        ServerMissing: It wants another password or key.
    """
    try:
        _begin_of(f"{api}/admin/version")
    except (OSError, ValueError) as error:
        # That it is not well is for others to find out.
        if isinstance(error, HTTPError) and error.code in LOCKED:
            raise ServerMissing(
                f"Prefect's server at {redact_url(api)} refuses us ({error.code}). "
                "Set PREFECT_API_AUTH_STRING to its password, or PREFECT_API_KEY to "
                "your key, or unset PREFECT_API_URL: without one, plexbayes starts its "
                "own."
            ) from None


def _begin_of(url: str) -> bytes:
    """Return the first bytes that a server answers."""
    question = Request(url, headers=_authorization())  # noqa: S310 (http or https)
    with build_opener().open(question, timeout=HEALTH_TIMEOUT) as answer:
        begin: bytes = answer.read(100)
    return begin.lstrip()


def _authorization() -> dict[str, str]:
    from prefect.settings import (  # noqa: PLC0415 (takes a second)
        PREFECT_API_AUTH_STRING,
        PREFECT_API_KEY,
    )

    login, key = PREFECT_API_AUTH_STRING.value(), PREFECT_API_KEY.value()
    if key:
        return {"Authorization": f"Bearer {key.get_secret_value()}"}
    if login:
        coded = b64encode(login.get_secret_value().encode()).decode()
        return {"Authorization": f"Basic {coded}"}
    return {}


def _wrong_value(error: "ValidationError") -> str:
    first = error.errors(include_url=False)[0]
    origin = _origin(str(first["loc"][-1]).upper(), str(first["input"]))
    return f"Prefect cannot use {origin}: {first['msg']}. Correct or unset it."


def _wrong_file() -> str:
    for path in _files():
        try:
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".toml":
                tomllib.loads(text)
        except (OSError, ValueError) as error:
            return (
                f"Prefect reads {path} in this folder, and cannot: {error}. Correct "
                "or move it, or run plexbayes in another folder."
            )
    return ""


def _origin(name: str, value: str) -> str:
    """Say where a setting of Prefect comes from, by the end of its name."""
    for variable, said in os.environ.items():
        is_named = variable.upper().startswith("PREFECT_")
        is_same = said.strip().rstrip("/").casefold() == value.casefold()
        if is_named and is_same and variable.upper().endswith(name):
            return f"the environment variable {variable}"
    for path in _files():
        text = path.read_text(encoding="utf-8", errors="replace")
        named = re.search(rf"\w*{re.escape(name)}\b", text, re.IGNORECASE)
        if named and value.casefold() in text.casefold():
            return f"{named[0]} in {path}"
    return f"{name} of the active Prefect profile"


def _files() -> list[Path]:
    """Return the files of the working folder from which Prefect takes settings."""
    found = (Path(name) for name in (".env", "prefect.toml", "pyproject.toml"))
    return [path for path in found if path.exists()]
