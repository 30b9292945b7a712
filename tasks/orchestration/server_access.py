"""Who may use a Prefect server of ours: whoever does can run commands as this user."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from engine.errors import SettingsInvalid
from tasks.config.addresses import is_loopback, parse_allowed_hosts
from tasks.config.config_file import config_path, read_document
from tasks.config.redaction import register_secret
from tasks.orchestration.prefect_settings import check_settings

ALLOWED_HOSTS = "PLEXBAYES_ALLOWED_HOSTS"
"""The environment variable with further names of the server."""

PASSWORD_FILE = "PLEXBAYES_PASSWORD_FILE"  # noqa: S105 (where it is, not what it is)
"""The environment variable that names the file with a password; set in containers."""

SERVER_PASSWORD = "PREFECT_SERVER_API_AUTH_STRING"  # noqa: S105 (a name)
CLIENT_PASSWORD = "PREFECT_API_AUTH_STRING"  # noqa: S105 (a name)

OPEN = (
    "Without a password, anybody who reaches {host} can run commands on this machine. "
    f"Set {SERVER_PASSWORD} and {CLIENT_PASSWORD} to the same name:password, or leave "
    "--host out."
)
REACHABLE = (
    "Anybody who reaches {host} and knows the password can run commands on this "
    "machine, and the password travels unencrypted."
)


def share_allowed_hosts(config: Path | None) -> None:
    """Tell the server's process the further names that the configuration allows.

    The rest of the configuration need not be complete: a server alone knows no Plex.

    Raises:
        SettingsInvalid: One of them is not a host name.
    """
    path = config_path(config)
    names = os.environ.get(ALLOWED_HOSTS, "")
    if not names and (config or path.exists()):
        names = str(read_document(path, required=True).get("ALLOWED_HOSTS", ""))
    try:
        parse_allowed_hosts(names)
    except ValueError as error:
        raise SettingsInvalid(f"ALLOWED_HOSTS cannot be used: {error}.") from None
    os.environ[ALLOWED_HOSTS] = names


def require_password(host: str, tell: Callable[[str], None]) -> None:
    """Refuse to listen beyond this machine without a password.

    Args:
        host: Where the server is to listen.
        tell: Called with what the user is to know; a password made just now is
            among it, and is shown nowhere from then on.

    Raises:
        SettingsInvalid: There is no password, or server and clients differ.
    """
    if is_loopback(host):
        return
    kept = os.environ.get(PASSWORD_FILE, "")
    if kept and not any(map(os.environ.get, (SERVER_PASSWORD, CLIENT_PASSWORD))):
        tell(_use_kept_password(Path(kept)))
    server, client = _configured_passwords()
    register_secret(server)
    if not server:
        raise SettingsInvalid(OPEN.format(host=host))
    if server != client:
        raise SettingsInvalid(
            f"{SERVER_PASSWORD} and {CLIENT_PASSWORD} differ, so runs could not "
            "report to the server. Set both to the same name:password."
        )
    tell(REACHABLE.format(host=host))


def _configured_passwords() -> tuple[str, str]:
    check_settings()
    from prefect.context import refresh_global_settings_context  # noqa: PLC0415
    from prefect.settings import get_current_settings  # noqa: PLC0415 (takes a second)

    refresh_global_settings_context()  # it may have read them before the kept password
    settings = get_current_settings()
    server, client = settings.server.api.auth_string, settings.api.auth_string
    return (
        server.get_secret_value() if server else "",
        client.get_secret_value() if client else "",
    )


def _use_kept_password(path: Path) -> str:
    """Use the password in a file, making it at first, and return what to tell."""
    password = f"plexbayes:{secrets.token_urlsafe(18)}"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(password + "\n")
        message = (
            f"The password of the Prefect server, as name:password, is {password} "
            f"It is kept in {path} and is not shown again."
        )
    except FileExistsError:
        password = _read_password(path)
        message = f"The password of the Prefect server is in {path}."
    except OSError as error:
        raise SettingsInvalid(f"{path} cannot be written: {error.strerror}.") from None
    os.environ[SERVER_PASSWORD] = os.environ[CLIENT_PASSWORD] = password
    return message


def _read_password(path: Path) -> str:
    try:
        password = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"{path} cannot be read: {error}.") from None
    if not password:
        raise SettingsInvalid(f"{path} is empty. Delete it; a new one is made then.")
    return password
