"""What comes before a run: the record is there, and Plex may copy its database."""

import time

from tasks.runtime.context import RunContext
from tasks.sync.integrity import ensure_record_present

LOOK_EVERY = 1.0
"""Seconds between two looks at whether Plex is done."""

LONGEST = 600.0
"""Seconds for which a run waits; a copy that takes longer does not mind our writes."""


def precautions(context: RunContext) -> list[str]:
    """Do what has to be done before anything is read; return what to say of it.

    Raises:
        RecordLost: Items bear our tag, and nothing is recorded.
        PlexRefused: Plex does not copy its database.
    """
    ensure_record_present(context.store, context.gateway)
    if back_up_plex(context):
        return ["Plex copied its own database first, as BACKUP_PLEX says."]
    return []


def back_up_plex(context: RunContext) -> bool:
    """Have Plex copy its database before the first rating is written; say if it did.

    Raises:
        PlexRefused: Plex does not let us; nothing was written.
        RunStopped: A person asked the run to stop.
    """
    is_first = context.is_live and context.store.is_empty()
    if not (context.settings.backup_plex and is_first):
        return False
    context.gateway.begin_backup()
    deadline = time.monotonic() + LONGEST
    context.cancellation.sleep(LOOK_EVERY)
    while context.gateway.is_backing_up() and time.monotonic() < deadline:
        context.cancellation.checkpoint()
        context.cancellation.sleep(LOOK_EVERY)
    return True
