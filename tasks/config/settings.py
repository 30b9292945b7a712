"""What the user chose: config.json, then PLEXBAYES_<KEY> from the environment."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_serializer,
    field_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from engine.classic import Constants
from engine.errors import SettingsInvalid
from engine.hierarchical.evidence_filters import Filler
from engine.rating_scale import SHIFT, STEP, Grid
from tasks.config.addresses import normalize_url
from tasks.config.config_file import ARTICLE, config_path, read_document
from tasks.config.field_types import (
    COARSE,
    CONSTANTS,
    EVERY_LEVEL,
    FINE,
    FORMAT_MAJOR,
    FORMAT_VERSION,
    LEVELS,
    NAMES,
    SECRET,
    SHAPING,
    HostNames,
    Levels,
    Model,
    Names,
    Number,
    Secret,
    Token,
    Whole,
    errors_of,
    key_of,
)
from tasks.config.redaction import (
    hide_secrets,
    redact_url,
)

LAST_IN_NEW_FILE = "track_inheritance_gravity"
"""Settings after this one are for few people, and `init` does not write them."""


class Settings(BaseSettings):
    """All that can be configured; a field's description says what is allowed.

    A new setting is a field here and a row in docs/configuration.md, and in `SECRET`
    if its value must not be shown.
    """

    model_config = SettingsConfigDict(
        env_prefix="PLEXBAYES_",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_default=True,
    )

    version: str = Field(FORMAT_VERSION, description="a version such as 1.1.1")
    plex_url: str = Field("", description="the server's address, http(s)://host:32400")
    plex_token: Token = Field(SecretStr(""), description=f"see {ARTICLE}")
    library_name: str = Field("Music", min_length=1, description="a music library")
    confidence_c: Number = Field(3.0, gt=0, description="a number above 0")
    bias_critic: Number = Field(1.5, gt=-10, description="a number above -10")
    weight_critic: Number = Field(3.0, ge=0, description="a number, 0 or more")
    weight_global: Number = Field(1.0, ge=0, description="a number, 0 or more")
    dry_run: bool = Field(default=True, description="true or false")
    inferred_tag: str = Field(
        "Rating_Inferred",
        max_length=100,
        pattern=r"^([^,\s]([^,]*[^,\s])?)?$",
        description="a mood without commas, at most 100 characters, or empty",
    )
    dynamic_precision: bool = Field(default=True, description="true or false")
    cooldown_batch: Whole = Field(25, ge=0, description="a whole number, 0 or more")
    cooldown_sleep: Number = Field(5, ge=0, description="seconds, 0 or more")
    album_inheritance_gravity: Number = Field(
        0.2, ge=0, le=1, description="a number from 0 to 1"
    )
    track_inheritance_gravity: Number = Field(
        0.3, ge=0, le=1, description="a number from 0 to 1"
    )

    account: str = Field(
        "", max_length=100, description='"owner", a name, or empty: Plex is asked'
    )
    state_url: SecretStr = Field(
        SecretStr(""), description="a SQLAlchemy URL, or empty"
    )
    cooldown_mode: Literal["adaptive", "fixed"] = Field(
        "adaptive", description="adaptive or fixed"
    )
    timeout: Number = Field(30, gt=0, description="seconds, above 0")
    ca_file: str = Field("", description="path of a PEM file, or empty")
    backup_plex: bool = Field(default=False, description="true or false")
    retries: Whole = Field(8, ge=0, le=20, description="a whole number from 0 to 20")
    retry_delay: Number = Field(2, ge=0, description="seconds, 0 or more")
    webhook_secret: Secret = Field(
        SecretStr(""), description="16 letters, digits, - or _ at least, or empty"
    )
    webhook_quiet: Number = Field(60, ge=0, description="seconds, 0 or more")
    webhook_account: str = Field(
        "", max_length=255, description="name or number of a Plex account, or empty"
    )
    webhook_new_music: bool = Field(default=False, description="true or false")
    wait_for_others: Number = Field(0, ge=0, description="seconds, 0 or more")
    run_retention_days: Number | None = Field(
        60, gt=0, le=36_500, description="days, above 0 to 36500, or null"
    )
    keep_results: bool = Field(default=False, description="true or false")
    allowed_hosts: HostNames = Field(
        "", description="host names with or without a port, such as nas.local, or empty"
    )
    catch_up: bool = Field(default=True, description="true or false")

    model: Model = Field("classic", description="classic or hierarchical")
    write_precision: Number = Field(0, ge=0, le=1, description="stars, 0 to 1")
    min_confidence: Number = Field(0, ge=0, le=1, description="a number from 0 to 1")
    rating_floor: Number | None = Field(
        None, gt=0, lt=5, description="stars, above 0 and below 5, or null"
    )
    rating_ceiling: Number | None = Field(
        None, gt=0, lt=5, description="stars, the floor or more and below 5, or null"
    )
    exclude_words: str = Field("", description="words of titles, such as intro, skit")
    exclude_shorter_than: Number = Field(0, ge=0, description="seconds, 0 or more")
    inferred_tag_levels: Levels = Field(EVERY_LEVEL, description=LEVELS)
    twins: bool = Field(default=False, description="true or false")
    exclude_artists: Names = Field((), description=NAMES)
    exclude_genres: Names = Field((), description=NAMES)
    exclude_collections: Names = Field((), description=NAMES)
    exclude_labels: Names = Field((), description=NAMES)
    exclude_moods: Names = Field((), description=NAMES)
    respect_cleared: bool = Field(default=False, description="true or false")
    spread: Number = Field(0, ge=0, le=1, description="a number from 0 to 1")
    max_rewritten: Number = Field(0.3, ge=0, le=1, description="a share, 0 to 1")
    max_mean_shift: Number = Field(0.5, ge=0, le=5, description="stars, 0 to 5")
    max_released: Number = Field(0.05, ge=0, le=1, description="a share, 0 to 1")
    backup_keep: Whole = Field(30, ge=0, description="a whole number, 0 or more")
    backup_folder: str = Field("", description="path of a folder, or empty")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override what the file says, and nothing else."""
        return env_settings, init_settings

    @field_validator("plex_url")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        if "your-server-ip" in url:
            raise PydanticCustomError("placeholder", "still the example: edit it")
        try:
            return normalize_url(url)
        except ValueError as error:
            said = {"reason": str(error)}
            raise PydanticCustomError("address", "{reason}", said) from None

    @field_serializer("plex_url")
    def _without_login(self, url: str) -> str:
        return redact_url(url)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show everything but secrets: the address may hold a password."""
        for name, value in super().__repr_args__():
            yield name, redact_url(value) if name == "plex_url" else value

    @field_validator("version")
    @classmethod
    def _is_understood(cls, version: str) -> str:
        major = version.split(".", maxsplit=1)[0]
        if major.isdigit() and int(major) > FORMAT_MAJOR:
            raise PydanticCustomError("version", "written for a newer program")
        return version

    @field_validator("weight_global")
    @classmethod
    def _weighs_something(cls, weight: float, info: ValidationInfo) -> float:
        if weight == 0 and info.data.get("weight_critic") == 0:
            raise PydanticCustomError(
                "weights", "WEIGHT_CRITIC and WEIGHT_GLOBAL must not both be 0"
            )
        return weight

    @field_validator("rating_ceiling")
    @classmethod
    def _is_above_the_floor(
        cls, stars: float | None, info: ValidationInfo
    ) -> float | None:
        if stars is not None and stars < (info.data.get("rating_floor") or 0):
            raise PydanticCustomError("ceiling", "it is below RATING_FLOOR")
        return stars

    @property
    def constants(self) -> Constants:
        """The part of the settings that the model assumes."""
        return Constants(**{n: getattr(self, key) for n, key in CONSTANTS.items()})

    @property
    def shaping(self) -> dict[str, Any]:
        """The settings on which inferred ratings depend, by key."""
        values = {name: getattr(self, name) for name in SHAPING}
        return {
            key_of(name): list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
        }

    @property
    def grid(self) -> Grid:
        """Which values are written."""
        usual = FINE if self.model == "classic" else COARSE
        return Grid(
            step=max(2 * self.write_precision or usual, STEP),
            lowest=2 * (self.rating_floor or 0),
            highest=2 * (self.rating_ceiling or 5),
            shift=SHIFT,
        )

    @property
    def filler(self) -> Filler:
        """Which tracks are no music."""
        words = (word.strip() for word in self.exclude_words.split(","))
        return Filler(self.exclude_shorter_than, tuple(filter(None, words)))


def template(address: str, token: str, library: str) -> dict[str, Any]:
    """Return a configuration with every documented key in its order.

    All but what is given here has the value that a missing key would have.
    """
    chosen = {"plex_url": address, "plex_token": token, "library_name": library}
    names = list(Settings.model_fields)
    return {
        key_of(name): chosen.get(name, Settings.model_fields[name].default)
        for name in names[: 1 + names.index(LAST_IN_NEW_FILE)]
    }


def load_settings(path: Path | None = None) -> tuple[Settings, list[str]]:
    """Read the configuration, here or where it usually is, with remarks for the user.

    A missing default file is no error if the environment says enough.

    Raises:
        SettingsInvalid: Something is missing or wrong; every error is named.
    """
    chosen = config_path(path)
    named = path is not None or bool(os.environ.get("PLEXBAYES_CONFIG"))
    document = read_document(chosen, required=named)
    known = {key_of(name): name for name in Settings.model_fields}
    values = {known[key]: value for key, value in document.items() if key in known}
    beside = quote(str(chosen.resolve().parent / "plexbayes.db"))
    values["state_url"] = values.get("state_url") or f"sqlite:///{beside}"
    backups = chosen.resolve().parent / "backups"
    values["backup_folder"] = values.get("backup_folder") or str(backups)
    hide_secrets(
        values, (*SECRET, "plex_url"), str(Settings.model_config["env_prefix"])
    )
    try:
        settings = Settings(**values)
    except ValidationError as error:
        found = errors_of(error, Settings.model_fields)
        errors = "\n".join(f"  {line}" for line in found)
        raise SettingsInvalid(f"{chosen} cannot be used:\n{errors}") from None
    unknown = document.keys() - known.keys()
    warnings = [f"{chosen}: unknown key {key} is ignored." for key in sorted(unknown)]
    if settings.version != FORMAT_VERSION:
        warnings.append(
            f"{chosen} is of version {settings.version}; "
            f"this program was written for {FORMAT_VERSION}."
        )
    return settings, warnings
