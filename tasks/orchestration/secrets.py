"""A Plex token that a Prefect Secret block keeps, instead of the configuration."""

from typing import cast

import httpx
from pydantic import SecretStr

from engine.errors import SettingsInvalid
from tasks.config.field_types import SECRET_BLOCK, is_token
from tasks.config.redaction import register_secret
from tasks.config.settings import Settings
from tasks.orchestration.prefect_settings import configured_api


def with_token(settings: Settings) -> Settings:
    """Return the settings with the token itself where they name a Secret block.

    The block is read from the Prefect server of PREFECT_API_URL each time, and
    what it holds is kept nowhere else.

    Raises:
        SettingsInvalid: There is no such block, no server, or no token in it.
    """
    said = settings.plex_token.get_secret_value()
    if not said.startswith(SECRET_BLOCK):
        return settings
    name = said.removeprefix(SECRET_BLOCK).strip()
    named, server = f"the Prefect Secret block {name!r}", configured_api()
    if not server:
        raise SettingsInvalid(
            f"PLEX_TOKEN names {named}, but no Prefect server is configured: set "
            "PREFECT_API_URL, such as http://127.0.0.1:4200/api."
        )
    from prefect.blocks.system import Secret  # noqa: PLC0415 (takes a second)

    try:
        # Outside a coroutine it is the block at once, never an awaitable.
        block = cast("Secret[str]", Secret.load(name))
    except ValueError:
        raise SettingsInvalid(
            f"PLEX_TOKEN names {named}, which {server} does not have. Make it in the "
            "Prefect UI: Blocks, Secret."
        ) from None
    except (httpx.HTTPError, RuntimeError) as error:
        raise SettingsInvalid(
            f"PLEX_TOKEN names {named}, but {server} gave no usable answer "
            f"({type(error).__name__})."
        ) from None
    token = str(block.get()).strip()
    if not is_token(token):
        raise SettingsInvalid(
            f"The Prefect Secret block {name!r} holds no token; tokens have plain "
            "letters only, no blanks and no line breaks."
        )
    register_secret(token)
    return settings.model_copy(update={"plex_token": SecretStr(token)})
