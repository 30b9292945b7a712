"""Can everything that Plex lists be read? A check of the doctor's."""

from engine.errors import PlexError
from engine.library import Level
from tasks.commands.health import Finding
from tasks.plex.client import PlexGateway
from tasks.sync.reader import read_library

MAX_NAMED = 20
"""How many odd items are listed."""


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
