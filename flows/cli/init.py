"""A first configuration, made by asking; nothing is written before all is known."""

import os
from collections import Counter
from collections.abc import Callable
from getpass import getpass
from pathlib import Path

from engine.errors import PlexError, SettingsInvalid
from engine.partition import fold_name
from flows.reports.terminal import say
from tasks.config.addresses import normalize_url
from tasks.config.config_file import ARTICLE, as_text, write_new
from tasks.config.field_types import is_token
from tasks.config.redaction import redact_url, register_url_secrets
from tasks.config.settings import template
from tasks.plex.libraries import MusicLibrary, discover

AT_HOME = "http://127.0.0.1:32400"
"""Where a server is that runs on this machine."""

OTHER_TOOLS = (
    "Do other tools delete what has 2 stars or fewer, or take 5 stars for favourites? "
    "RATING_FLOOR 2.5 and RATING_CEILING 4.5 keep inferred ratings away from both."
)
TAGS = (
    "Inferred ratings are never half stars, so they are told from yours without a tag, "
    "too: with INFERRED_TAG empty, or INFERRED_TAG_LEVELS without tracks, a first run "
    "is quicker where Plex takes long to tag."
)
LEFT_ALONE = "Nothing is inferred for what EXCLUDE_ARTISTS, EXCLUDE_MOODS, ... name."
CHOICES = (OTHER_TOOLS, TAGS, LEFT_ALONE)
"""What few people need to set, and why some want to; said once, when it is new."""

PATIENCE = 10.0
"""Seconds that a server may take to answer while a person waits."""


def init(path: Path) -> bool:
    """Create a configuration by asking for what nobody can guess, unless told to quit.

    Raises:
        SettingsInvalid: There is one already, nobody to ask, or no such folder.
    """
    _refuse_if_pointless(path)
    try:
        _offer(path)
        address, token, libraries = _find_server()
        library = _choose(libraries)
    except (EOFError, KeyboardInterrupt):
        say("\nNothing was written. A configuration is required to run.")
        return False
    write_new(path, as_text(template(address, token, library)))
    say(f"{path} is written; only you can read it.")
    say("DRY_RUN is true: a run only tells what it would do, until you change that.")
    for choice in CHOICES:
        say(f"* {choice}")
    return True


def _refuse_if_pointless(path: Path) -> None:
    if path.exists():
        raise SettingsInvalid(f"{path} exists and is left as it is. Edit it instead.")
    if not path.parent.is_dir():
        raise SettingsInvalid(f"There is no folder {path.parent}. Create it first.")
    if not os.isatty(0):
        raise SettingsInvalid(
            f"There is no {path}, and no terminal to ask for what belongs in it. "
            f"Copy config.example.json to {path} and edit it there."
        )


def _offer(path: Path) -> None:
    where = "here" if path.parent == Path() else f"in {path.parent}"
    answer = _ask(f"There is no {path.name} {where}. Create one? [y/n] ")
    if answer.lower() not in {"y", "yes"}:
        raise EOFError


def _find_server() -> tuple[str, str, list[MusicLibrary]]:
    """Ask until a server with music answers."""
    address = AT_HOME
    say("Enter q at any question to quit. Enter alone takes what is in brackets.")
    while True:
        address = _ask_address(address)
        token = _ask_token()
        say(f"Connecting to {redact_url(address)} ...")
        try:
            found = discover(address, token, PATIENCE).libraries
        except PlexError as error:
            say(str(error))
            continue
        if found:
            return address, token, found
        say("That server has no music library, or shows none to this token.")


def _ask_address(default: str) -> str:
    while True:
        shown = redact_url(default)
        answer = _ask(f"Address of the Plex server [{shown}]: ") or default
        register_url_secrets(answer)
        try:
            return normalize_url(answer)
        except ValueError as error:
            say(f"{redact_url(answer)}: {error}. Enter one such as {AT_HOME}.")


def _ask_token() -> str:
    say(f"The token is like a password; where to find it:\n{ARTICLE}")
    while True:
        answer = _ask("Token (it does not show): ", getpass)
        if is_token(answer):
            return answer
        say("A token consists of letters, digits and the like, without spaces.")


def _choose(libraries: list[MusicLibrary]) -> str:
    """Return a library's name, or its key if another one has that name, too."""
    say("Music libraries on this server:")
    names = Counter(fold_name(library.title) for library in libraries)
    choices = {}
    for number, library in enumerate(libraries, 1):
        name, title = fold_name(library.title), library.title
        if names[name] == 1:
            choices[name] = choices[str(number)] = title
        else:
            choices[str(number)] = library.key
            title += f" (key {library.key})"
        say(f"  {number}  {title}")
    while True:
        answer = _ask("Which one, by number or name? [1] ") or "1"
        if fold_name(answer) in choices:
            return choices[fold_name(answer)]
        say(f"There is no {answer!r} in the list.")


def _ask(question: str, ask: Callable[[str], str] | None = None) -> str:
    """Return an answer; to quit is as good as Ctrl-D."""
    answer = (ask or input)(question).strip()
    if answer.lower() == "q":
        raise EOFError
    return answer
