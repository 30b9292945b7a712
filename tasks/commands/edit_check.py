"""May Plex be written to in batches? On request it is tried, and said."""

from collections.abc import Iterator
from uuid import uuid4

from engine.capabilities import RATING_ONLY, remarks_on
from engine.errors import PlexbayesError
from tasks.commands.health import Finding
from tasks.config.settings import Settings
from tasks.runtime.context import workbench
from tasks.sync.capability_probe import probe
from tasks.sync.reconcile import take_stock


def check_edits(settings: Settings) -> Iterator[Finding]:
    """Try out on two unrated items how Plex may be written to, and restore them."""
    subject = "edits"
    try:
        with workbench(settings, f"doctor-{uuid4()}", live=True) as bench:
            everything = take_stock(bench).everything
            able = bench.pen.abilities
            found = None if able == RATING_ONLY else probe(bench, everything)
            able = bench.pen.abilities
    except PlexbayesError as fault:
        yield Finding(subject, "fault", str(fault), "Try once more.")
        return
    for key in found.marred if found else ():
        said = f"Trying this out changed moods or locks of item {key} for good."
        yield Finding(subject, "warning", said, "Look at it in Plex.")
    for said in remarks_on(able):
        yield Finding(subject, "warning", said, "Runs go by it, only more slowly.")
    if able.is_assumed:
        said = "There are no two unrated items to try it on."
        yield Finding(subject, "ok", said)
    elif not remarks_on(able):
        spared = " and spares what you rate in that moment" * able.is_guarded
        said = f"Plex takes ratings and tags in batches{spared}."
        yield Finding(subject, "ok", said)
