"""What comes before a run: the record is there, and Plex may copy its database."""

import time

from tasks.runtime.context import Workbench
from tasks.sync.integrity import refuse_if_lost

LOOK_EVERY = 1.0
"""Seconds between two looks at whether Plex is done."""

LONGEST = 600.0
"""Seconds for which a run waits; a copy that takes longer does not mind our writes."""


def precautions(bench: Workbench) -> list[str]:
    """Do what has to be done before anything is read; return what to say of it.

    Raises:
        RecordLost: Items bear our tag, and nothing is recorded.
        PlexRefused: Plex does not copy its database.
    """
    refuse_if_lost(bench.store, bench.gateway)
    if back_up_plex(bench):
        return ["Plex copied its own database first, as BACKUP_PLEX says."]
    return []


def back_up_plex(bench: Workbench) -> bool:
    """Have Plex copy its database before the first rating is written; say if it did.

    Raises:
        PlexRefused: Plex does not let us; nothing was written.
        RunStopped: A person asked the run to stop.
    """
    is_first = bench.is_live and bench.store.is_empty()
    if not (bench.settings.backup_plex and is_first):
        return False
    bench.gateway.begin_backup()
    deadline = time.monotonic() + LONGEST
    bench.gate.rest(LOOK_EVERY)
    while bench.gateway.is_backing_up() and time.monotonic() < deadline:
        bench.gate.pass_through()
        bench.gate.rest(LOOK_EVERY)
    return True
