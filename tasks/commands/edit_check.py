"""May Plex be written to in batches? On request it is tried, and said."""

from collections.abc import Iterator
from uuid import uuid4

from engine.capabilities import RATING_ONLY, limitations
from engine.errors import PlexbayesError
from tasks.commands.health import Finding
from tasks.config.settings import Settings
from tasks.runtime.context import open_run
from tasks.sync.capability_probe import probe
from tasks.sync.reconcile import read_and_reconcile


def check_edits(settings: Settings) -> Iterator[Finding]:
    """Try out on two unrated items how Plex may be written to, and restore them."""
    subject = "edits"
    try:
        with open_run(settings, f"doctor-{uuid4()}", live=True) as context:
            everything = read_and_reconcile(context).everything
            able = context.executor.capabilities
            found = None if able == RATING_ONLY else probe(context, everything)
            able = context.executor.capabilities
    except PlexbayesError as error:
        yield Finding(subject, "error", str(error), "Try once more.")
        return
    for key in found.marred if found else ():
        said = f"Trying this out changed moods or locks of item {key} for good."
        yield Finding(subject, "warning", said, "Look at it in Plex.")
    for said in limitations(able):
        yield Finding(subject, "warning", said, "Runs go by it, only more slowly.")
    if able.is_assumed:
        said = "There are no two unrated items to try it on."
        yield Finding(subject, "ok", said)
    elif not limitations(able):
        spared = " and spares what you rate in that moment" * able.has_conditional_edits
        said = f"Plex takes ratings and tags in batches{spared}."
        yield Finding(subject, "ok", said)
