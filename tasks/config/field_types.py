"""What kinds of values there are to choose from."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

from tasks.config.addresses import parse_allowed_hosts
from tasks.config.redaction import REDACTED, redact_url

Model = Literal["classic", "hierarchical"]
"""How ratings are inferred."""
ModelChoice = Literal["", "classic", "hierarchical"]
"""The same for one run; empty: as configured."""

FINE = 0.02
"""Points; how finely the classic model writes unless told otherwise."""

COARSE = 0.1
"""Points; how finely the hierarchical model writes unless told otherwise. It gives
every track a value of its own, and only equal values share a request."""

CONSTANTS = {
    "confidence": "confidence_c",
    "critic_bias": "bias_critic",
    "critic_weight": "weight_critic",
    "global_weight": "weight_global",
    "album_gravity": "album_inheritance_gravity",
    "track_gravity": "track_inheritance_gravity",
}
"""What the classic model assumes, by the name of the setting."""

SHAPING = (
    "model",
    *CONSTANTS.values(),
    "write_precision",
    "min_confidence",
    "spread",
    "rating_floor",
    "rating_ceiling",
    "exclude_words",
    "exclude_shorter_than",
    "twins",
    "exclude_artists",
    "exclude_genres",
    "exclude_collections",
    "exclude_labels",
    "exclude_moods",
    "respect_cleared",
)
"""Settings on which inferred ratings depend."""

FORMAT_VERSION = "1.1.1"
"""The version of the configuration format that this program was written for."""
FORMAT_MAJOR = 1

SECRET = {"plex_token", "state_url", "webhook_secret"}
"""Settings whose value is never shown."""

SECRET_BLOCK = "prefect-secret:"  # noqa: S105 (it says where the token is)
"""What PLEX_TOKEN begins with if it names a block instead of being the token."""


def _not_a_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("number", "a boolean is not a number")
    return value


def is_token(text: str) -> bool:
    """Return whether a text can be a token: plain letters without any blank."""
    return bool(re.fullmatch(r"[!-~]+", text))


def _a_token(said: SecretStr) -> SecretStr:
    token = said.get_secret_value().strip()
    if not token:
        raise PydanticCustomError("missing", "missing")
    if not is_token(token) and not token.startswith(SECRET_BLOCK):
        raise PydanticCustomError(
            "token", "tokens have plain letters only, no blanks and no line breaks"
        )
    if token in {"your-token-here", "ENTER_TOKEN_HERE"}:
        raise PydanticCustomError("placeholder", "still the example: edit it")
    return SecretStr(token)


def _hard_to_guess(secret: SecretStr) -> SecretStr:
    if not re.fullmatch(r"([\w-]{16,})?", secret.get_secret_value(), re.ASCII):
        raise PydanticCustomError("secret", "too short, or not fit for an address")
    return secret


Number = Annotated[float, BeforeValidator(_not_a_boolean), Field(allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_not_a_boolean)]
Token = Annotated[SecretStr, AfterValidator(_a_token)]
Secret = Annotated[SecretStr, AfterValidator(_hard_to_guess)]
"""Part of an address, or empty."""


def _are_host_names(text: str) -> str:
    try:
        parse_allowed_hosts(text)
    except ValueError as error:
        raise PydanticCustomError("hosts", "{error}", {"error": str(error)}) from None
    return text


HostNames = Annotated[str, AfterValidator(_are_host_names)]
"""Further names of the server, or empty."""


Word = Literal["artist", "album", "track"]


def _as_names(said: object) -> tuple[str, ...]:
    """Return names that were given as a list, or as one text with commas."""
    names: object = said
    if isinstance(said, str):
        names = _list_in(said) if said.lstrip().startswith("[") else said.split(",")
    if not isinstance(names, list | tuple):
        raise PydanticCustomError("names", "not a list of names")
    if not all(isinstance(name, str | int) for name in names):
        raise PydanticCustomError("names", "a name is not a text")
    return tuple(filter(None, (str(name).strip() for name in names)))


def _list_in(text: str) -> object:
    """Return a list that is written as JSON, as in a variable of the environment."""
    try:
        return json.loads(text)
    except ValueError:
        return None


NAMES = 'a list of names such as ["Abba"], or one text with commas'
Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_as_names)]
"""Names of things in Plex; those with a comma need the list."""

EVERY_LEVEL: tuple[Word, ...] = ("artist", "album", "track")
LEVELS = 'a list of some of "artist", "album" and "track"'
Levels = Annotated[tuple[Word, ...], NoDecode, BeforeValidator(_as_names)]
"""Some levels of the tree."""


def key_of(field: str) -> str:
    """Return what a field is called in config.json."""
    return field if field == "version" else field.upper()


def errors_of(refused: ValidationError, fields: Mapping[str, FieldInfo]) -> list[str]:
    """Say what is wrong with each value, and what is allowed; no secret is shown."""
    lines = []
    for error in refused.errors(include_url=False):
        name, value = str(error["loc"][0]), error["input"]
        if name == "plex_url" and not isinstance(value, int | float | None):
            value = redact_url(value) if isinstance(value, str) else REDACTED
        shown = "" if name in SECRET else f" = {value!r}"
        allowed = fields[name].description
        message = error["msg"].replace("Input should", "input should")
        lines.append(f"{key_of(name)}{shown}: {message} (allowed: {allowed})")
    return lines
