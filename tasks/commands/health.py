"""Is everything there that a run needs? Each check says so, and changes nothing."""

import os
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Literal
from uuid import uuid4

from engine.edits import RATING_ONLY, limitations
from engine.errors import (
    LibraryMissing,
    PlexbayesError,
    PlexError,
    PlexRefused,
    SettingsInvalid,
    ShadowUnreadable,
)
from engine.library import OWNER, OWNER_ACCOUNT, Level
from engine.planning.undo_plan import Selection
from tasks.commands.installation import installation_problems, loaded_packages
from tasks.commands.undo import undo
from tasks.config.config_file import ARTICLE, config_path
from tasks.config.field_types import SECRET
from tasks.config.redaction import redact_url
from tasks.config.settings import Settings, load_settings
from tasks.plex.client import PlexGateway
from tasks.plex.libraries import Server, discover
from tasks.record.database import Shape
from tasks.record.inspection import Inspection, inspect_database
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext, open_run
from tasks.sync.capability_probe import Probe, probe
from tasks.sync.integrity import ensure_record_current, ensure_record_present
from tasks.sync.reconcile import reconcile
from tasks.sync.steps import planned, read, read_library

READABLE = stat.S_IRGRP | stat.S_IROTH
"""The permissions that let others read a file."""

LOCKED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
"""What a server answers that is well, to somebody without its key."""

State = Literal["ok", "warning", "error"]

RECORDS: dict[Shape, tuple[State, str, str]] = {
    "missing": ("ok", "does not exist yet; the first live run creates it.", ""),
    "empty": ("ok", "is empty; the first live run makes its tables.", ""),
    "older": (
        "warning",
        "was written by an older plexbayes.",
        "Keep a copy of it: the next run brings it up to date.",
    ),
    "newer": ("error", "was written by a newer plexbayes.", "Upgrade plexbayes."),
    "foreign": (
        "error",
        "holds other tables and none of plexbayes.",
        "Give plexbayes a database of its own in STATE_URL.",
    ),
}
"""What to say of a database that is not in its present shape."""

MAX_NAMED = 20
"""How many odd items are listed."""


@dataclass(frozen=True)
class Finding:
    """What one check found."""

    subject: str
    """What was checked, in a word or two."""
    state: State
    """An error keeps a run from doing its work; a warning does not."""
    said: str
    """What is."""
    advice: str = ""
    """What to do about it; empty if all is well."""


def check_installation() -> Finding:
    """Check that nothing has taken the place of our own packages."""
    subject, loaded = "installation", loaded_packages()
    try:
        installed = distribution("plexbayes")
    except PackageNotFoundError:
        said = f"plexbayes is not installed; it runs from {loaded['flows'].parents[1]}."
        return Finding(subject, "warning", said, "Install it with pip.")
    problems = installation_problems(installed, loaded)
    if problems:
        advice = "Unset PYTHONPATH; reinstall plexbayes in an environment of its own."
        return Finding(subject, "error", " ".join(problems), advice)
    return Finding(subject, "ok", f"plexbayes {installed.version} is as installed.")


def check_configuration(
    config: Path | None, with_token: Callable[[Settings], Settings]
) -> Generator[Finding, None, Settings | None]:
    """Check the configuration and return it, if it can be used at all.

    `with_token` finds the token where the configuration only names it.
    """
    subject = "configuration"
    path = config_path(config)
    if _shows_secrets(path):
        said = f"Others on this machine can read the secrets in {path}."
        yield Finding(subject, "warning", said, f"Run: chmod 600 {path}")
    try:
        settings, warnings = load_settings(config)
        settings = with_token(settings)
    except SettingsInvalid as error:
        head, *errors = str(error).splitlines()
        advice = "Correct that first: Plex and the record are only checked then."
        for line in errors or [head]:
            yield Finding(subject, "error", line.strip(), advice)
        return None
    for notify in warnings:
        yield Finding(subject, "warning", notify, "Correct it there, if it is wrong.")
    source = path if path.exists() else "The environment"
    yield Finding(subject, "ok", f"{source} says all that is needed.")
    return settings


def _shows_secrets(path: Path) -> bool:
    if os.name != "posix" or not os.access(path, os.R_OK) or path.is_dir():
        return False
    if not path.stat().st_mode & READABLE:
        return False
    text = path.read_text(encoding="utf-8", errors="replace")
    return any(name.upper() in text for name in SECRET)


def check_server(settings: Settings) -> Generator[Finding, None, Server | None]:
    """Check the address and the token, and return what answers there."""
    url, token = settings.plex_url, settings.plex_token.get_secret_value()
    shown = redact_url(url)
    try:
        server = discover(url, token, settings.timeout, settings.ca_file)
    except SettingsInvalid as error:
        yield Finding("address", "error", str(error), "Correct CA_FILE.")
        return None
    except PlexError as error:
        if any(f"({status:d})" in str(error) for status in LOCKED):
            yield Finding("address", "ok", f"A server answers at {shown}.")
            advice = f"Correct PLEX_TOKEN; how to find it: {ARTICLE}"
            yield Finding("token", "error", "Plex refuses the token.", advice)
        else:
            advice = (
                "Correct PLEX_URL, or see whether Plex runs and can be reached there."
            )
            yield Finding("address", "error", str(error), advice)
        return None
    yield Finding("address", "ok", f"A server answers at {shown}.")
    yield Finding("token", "ok", "Plex accepts the token.")
    yield Finding("server", "ok", f"It is Plex Media Server {server.version}.")
    return server


def check_library(
    settings: Settings, server: Server
) -> Generator[Finding, None, PlexGateway | None]:
    """Check the library and our rights there, and return the way into it."""
    try:
        gateway = PlexGateway(settings)
    except LibraryMissing as error:
        said, _, advice = str(error).partition(". ")
        yield Finding("library", "error", f"{said}.", advice)
        return None
    except PlexError as error:
        yield Finding("library", "error", str(error), "Check once more.")
        return None
    title = gateway.identity.title
    yield Finding("library", "ok", f"There is a music library {title!r}.")
    yield _rights(settings, gateway)
    yield _scan(server, title)
    return gateway


def _rights(settings: Settings, gateway: PlexGateway) -> Finding:
    if gateway.identity.account == OWNER_ACCOUNT:
        return Finding("rights", "ok", "The token is that of the server's owner.")
    said = gateway.notice or f"ACCOUNT says that this is {settings.account!r}."
    advice = (
        "Ratings can be written. For tags and batched edits use the owner's token, "
        f'and ACCOUNT "{OWNER}" if Plex does not recognise it.'
    )
    return Finding("rights", "warning", said, advice)


def _scan(server: Server, title: str) -> Finding:
    if any(one.title == title and one.is_scanned for one in server.libraries):
        said = f"Plex is scanning {title!r} right now."
        return Finding("scan", "warning", said, "Wait for the scan to end.")
    return Finding("scan", "ok", "Plex is not scanning the library.")


def check_listings(gateway: PlexGateway) -> Finding:
    """Read all listings, and say what in them cannot be understood."""
    try:
        library = read_library(gateway)
    except PlexError as error:
        return Finding("listings", "warning", str(error), "Check once more.")
    sizes = [len(library.listed(level)) for level in Level]
    said = "Plex lists {} artists, {} albums and {} tracks".format(*sizes)
    odd = library.not_understood
    if not odd:
        return Finding("listings", "ok", f"{said}; all of it can be read.")
    named = "\n".join(odd[:MAX_NAMED])
    more = f"\nand {len(odd) - MAX_NAMED} more" if len(odd) > MAX_NAMED else ""
    return Finding(
        "listings",
        "warning",
        f"{said}. Not understood: {len(odd)}\n{named}{more}",
        "Nothing has to be done: these are left out, or unknown. To repair them, "
        "refresh their metadata in Plex, or rate them again if it is the rating.",
    )


def check_record(settings: Settings) -> Generator[Finding, None, Inspection | None]:
    """Check the state database and return what is in it, if it can be used."""
    subject = "record"
    try:
        record = inspect_database(settings.state_url.get_secret_value())
    except ShadowUnreadable as error:
        advice = "Repair it or restore a copy, or point STATE_URL elsewhere."
        yield Finding(subject, "error", str(error), advice)
        return None
    if record.shape != "current":
        state, what, advice = RECORDS[record.shape]
        yield Finding(subject, state, f"{record.place} {what}", advice)
        return None if state == "error" else record
    said = f"{record.place} holds {record.ratings} ratings of ours"
    if record.intents:
        said += f" and {record.intents} writes of which nobody knows if they arrived."
        advice = "Let a run that is going on end, or run again: that settles them."
        yield Finding(subject, "warning", said, advice)
    else:
        yield Finding(subject, "ok", f"{said}, and no open write.")
    return record


def check_memory(
    settings: Settings, gateway: PlexGateway, record: Inspection | None
) -> Iterator[Finding]:
    """Check that what bears our tag in Plex is not without a record."""
    if record is None or record.shape == "older":
        return  # to open an older one is to migrate it
    address = "sqlite://"  # in memory: as empty as what is not there
    if record.shape == "current":
        address = settings.state_url.get_secret_value()
    try:
        with ShadowStore.open(address, gateway.identity, create=False) as store:
            ensure_record_present(store, gateway)
    except PlexbayesError as error:
        advice = "Make no live run before this is settled."
        yield Finding("record", "error", str(error), advice)


def check_edits(settings: Settings) -> Iterator[Finding]:
    """Write the first batch that a run would write, and take it back."""
    subject = "edits"
    try:
        with open_run(settings, f"doctor-{uuid4()}", live=True) as context:
            found = _try_edits(context)
            able = context.executor.capabilities
    except PlexbayesError as error:
        yield Finding(subject, "error", str(error), "Try once more.")
        return
    for key in found.damaged if found else ():
        said = f"Trying this out changed moods or locks of item {key} for good."
        yield Finding(subject, "warning", said, "Look at it in Plex.")
    for said in limitations(able):
        yield Finding(subject, "warning", said, "Runs go by it, only more slowly.")
    if found is None and able != RATING_ONLY:
        yield Finding(subject, "ok", "There is nothing to infer to try it on.")
    elif not limitations(able):
        spared = " and spares what you rate in that moment" * able.has_conditional_edits
        said = f"Plex takes ratings and tags in batches{spared}."
        yield Finding(subject, "ok", said)


def _try_edits(context: RunContext) -> Probe | None:
    """Write a few ratings as a run would, and undo them; None if there are none."""
    if context.executor.capabilities == RATING_ONLY:
        return None
    snapshot = reconcile(context, read(context))
    ensure_record_current(context, snapshot)
    plans = planned(context, snapshot).plans
    try:
        return probe(context, snapshot.everything, plans)
    finally:
        left = undo(context, Selection(run=context.run_id)).failed
        if left:
            raise PlexRefused(f"{left} ratings are still there: run `plexbayes undo`.")
