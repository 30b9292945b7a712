"""What a server offers, before and while a library is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from engine.errors import LibraryMissing
from tasks.plex.line import Line
from tasks.plex.refusals import translated


@dataclass(frozen=True)
class MusicLibrary:
    """A music library as its server lists it."""

    title: str
    is_scanned: bool
    """Whether the server is looking through its files at the moment."""


@dataclass(frozen=True)
class Server:
    """What a server tells before a library is chosen."""

    version: str
    libraries: list[MusicLibrary]


def survey(address: str, token: str, timeout: float, ca_file: str = "") -> Server:
    """Ask a server for its version and its music libraries.

    Args:
        address: Where it is.
        token: Whose libraries.
        timeout: Seconds to wait for an answer.
        ca_file: The certificates to trust; empty: the usual ones.

    Raises:
        PlexRefused: It refused the token, or it is no Plex.
        PlexUnreachable: There is no usable answer.
    """
    with Line(ca_file) as line:
        plex = line.connect(address, token, timeout)
        with translated("reading /library/sections"):
            libraries = [
                MusicLibrary(one.get("title", ""), one.get("refreshing") == "1")
                for one in plex.query("/library/sections")
                if one.get("type") == "artist"
            ]
    return Server(str(plex.version), libraries)


def chosen(directories: Iterable[Element], name: str) -> Element:
    """Return the music library of a name, in whatever case.

    Raises:
        LibraryMissing: There is none, or there are several; all are named.
    """
    libraries = [one for one in directories if one.get("type") == "artist"]
    wanted = name.strip().casefold()
    found = [
        library
        for library in libraries
        if library.get("title", "").strip().casefold() == wanted
    ]
    if len(found) == 1:
        return found[0]
    titles = ", ".join(str(library.get("title")) for library in libraries)
    what = "no music library" if not found else f"{len(found)} music libraries"
    raise LibraryMissing(
        f"There is {what} named {name!r} on this server. "
        f"Set LIBRARY_NAME to one of: {titles or '(it has none)'}."
    )
