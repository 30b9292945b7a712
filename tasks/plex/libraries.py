"""What a server offers: which library is meant, and whose ratings a token reads."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal
from xml.etree.ElementTree import Element

from engine.errors import LibraryMissing, PlexRefused
from engine.library import OWNER, OWNER_ACCOUNT, SHARED
from engine.partition import fold_name
from tasks.plex.errors import translate_errors
from tasks.plex.session import PlexSession

UNPROVEN = ("(401)", "(403)", "(404)")
"""Answers to /accounts that do not show a token to be the owner's. It is no wrong
token, since it was just accepted: only the owner may read that page, and older servers
and some proxies do not have it."""


@dataclass(frozen=True)
class MusicLibrary:
    """A music library as its server lists it."""

    title: str
    key: str
    """Its number, which no other library of the server has."""
    is_scanned: bool
    """Whether the server is looking through its files at the moment."""


@dataclass(frozen=True)
class Server:
    """What a server tells before a library is chosen."""

    version: str
    libraries: list[MusicLibrary]


def discover(address: str, token: str, timeout: float, ca_file: str = "") -> Server:
    """Ask a server for its version and its music libraries.

    Raises:
        PlexRefused: It refused the token, or it is no Plex.
        PlexUnreachable: There is no usable answer.
    """
    with PlexSession(ca_file) as line:
        plex = line.connect(address, token, timeout)
        with translate_errors("reading /library/sections"):
            libraries = [
                MusicLibrary(
                    one.get("title", ""),
                    one.get("key", ""),
                    one.get("refreshing") == "1",
                )
                for one in plex.query("/library/sections")
                if one.get("type") == "artist"
            ]
    return Server(str(plex.version), libraries)


def find_library(directories: Iterable[Element], name: str) -> Element:
    """Return the music library of a name, or else of a key or UUID.

    Neither case nor Unicode's forms of one sign count.

    Raises:
        LibraryMissing: There is none, or there are several; all are named.
    """
    libraries = [one for one in directories if one.get("type") == "artist"]
    wanted = fold_name(name)
    for attributes in (("title",), ("key", "uuid")):
        found = [
            library
            for library in libraries
            if wanted in {fold_name(library.get(name, "")) for name in attributes}
        ]
        if len(found) == 1:
            return found[0]
        if found:
            raise LibraryMissing(
                f"There are {len(found)} music libraries named {name!r} on this "
                "server. Set LIBRARY_NAME to the key or the UUID of one of them: "
                f"{'; '.join(map(_described, found))}."
            )
    titles = ", ".join(str(library.get("title")) for library in libraries)
    raise LibraryMissing(
        f"There is no music library named {name!r} on this server. "
        f"Set LIBRARY_NAME to one of: {titles or '(it has none)'}."
    )


def _described(library: Element) -> str:
    """Return how to tell a library from others of its name: where its files are."""
    folders = [place.get("path", "") for place in library.iter("Location")]
    names = f'"{library.get("key")}" or "{library.get("uuid")}"'
    return f"{names} ({', '.join(folders)})" if folders else names


def account_of(token: str, declared: str, ask: Callable[[], object]) -> tuple[str, str]:
    """Return whose ratings a token reads and writes: as the user says, or Plex proves.

    Args:
        token: One that the server accepts.
        declared: What ACCOUNT says; empty: nothing.
        ask: Reads /accounts.

    Returns:
        OWNER_ACCOUNT, or SHARED and a name; and a sentence for the user, if Plex
        leaves open whose they are.
    """
    declared = declared.strip()
    if declared.casefold() == OWNER:
        return OWNER_ACCOUNT, ""
    if declared:
        return SHARED + declared.removeprefix(SHARED), ""
    try:
        ask()
    except PlexRefused as refusal:
        status = next((one for one in UNPROVEN if one in str(refusal)), "")
        if not status:
            raise
        # A server tells such an account nothing of itself: only its token does.
        digest = blake2b(token.encode(), digest_size=8).hexdigest()
        return SHARED + digest, (
            f"Plex does not show that this token is the server owner's {status}, so it "
            "is used like that of an account with which the library is shared: ratings "
            "are written one by one, without tags. If it is the owner's, set ACCOUNT "
            f'to "{OWNER}".'
        )
    return OWNER_ACCOUNT, ""


def accounts_of(ask: Callable[[str], Element]) -> dict[str, str]:
    """Return a server's accounts, name by number; empty to all but the owner."""
    try:
        listed = ask("/accounts")
    except PlexRefused:
        return {}
    return {one.get("id", ""): one.get("name", "") for one in listed}


def begin_backup(send: Callable[[Literal["post"], str, str], object]) -> None:
    """Have a server copy its database; only the owner may order that."""
    send("post", "/butler/BackupDatabase", "having it copy its database (BACKUP_PLEX)")


def is_backing_up(ask: Callable[[str], Element]) -> bool:
    """Return whether a server is busy with a copy of its database."""
    told = [" ".join(one.attrib.values()) for one in ask("/activities")]
    return any("backup" in activity.casefold() for activity in told)
