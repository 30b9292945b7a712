"""Runs that need not read: a glance says that nothing has changed since the last.

A glance may miss what leaves no trace in counts and dates, such as a skip, or a change
by a program that gives none. That does no harm, since such a run writes nothing, and
ends with the next run that reads: every few runs one does (`FULL_READ_EVERY`), and
after a week any.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version

import numpy as np

from engine.errors import PlexRefused, PlexUnreachable
from engine.library import Level, Library
from engine.ranking import Ranked
from engine.reports import PhaseCount, Summary
from tasks.plex.glances import Glance
from tasks.settings import Settings
from tasks.shadow.quiet import Quiet, keep_glance, latest_quiet, state_of_record
from tasks.workbench import Workbench

SETTLED = 5.0
"""Seconds between the latest change and a glance: dates know no parts of a second,
so one more change within the same would not show."""

LONGEST = 7 * 86400.0
"""Seconds after which a glance is no longer enough."""

STAYS = (
    *("artists", "albums", "tracks", "manual_tracks", "drift_tolerance"),
    *("prior_before", "prior_after", "mean_before", "mean_after", "kept_by_drift"),
)
"""What a summary says that stays as it was."""

SINCE = ("not_understood", "not_understood_items")
"""Likewise; summaries that older versions kept lack it."""


@dataclass(frozen=True)
class Sight:
    """What a run depends on, as seen before anything was read."""

    settings: str
    """A digest, with the server's version."""
    levels: dict[Level, Glance]

    def told(self, record: tuple[int, float, float]) -> str:
        """Return all of it, with the state of the record, as JSON."""
        levels = [asdict(glance) for glance in self.levels.values()]
        return json.dumps([version("plexbayes"), self.settings, levels, record])

    def agrees_with(self, library: Library) -> bool:
        """Say whether a glance tells what was read: not every server can filter."""
        return all(
            (glance.items, glance.unrated, glance.rated_at) == _read(library, level)
            for level, glance in self.levels.items()
        )


def _read(library: Library, level: Level) -> tuple[int, int, int]:
    items = library.listed(level)
    unrated = int(np.count_nonzero(np.isnan(items.rating)))
    return len(items), unrated, int(items.rated_at.max(initial=0))


def glance(bench: Workbench) -> Sight | None:
    """Glance at the library; none if there is no record yet, or something just changed.

    Nor is there anything to see if Plex cannot answer; then the library is read.
    """
    if bench.settings.full_read_every == 1 or bench.store.is_empty():
        return None
    plays = bench.settings.model == "hierarchical"
    gateway = bench.gateway
    try:
        levels = {level: gateway.glance(level, plays=plays) for level in Level}
    except (PlexRefused, PlexUnreachable, ValueError):
        return None
    latest = max(one.latest for one in levels.values())
    if latest > time.time() - SETTLED:
        return None
    return Sight(_digest(bench.settings, gateway.version), levels)


def _digest(settings: Settings, server: str) -> str:
    text = settings.model_dump_json() + server
    return hashlib.sha256(text.encode()).hexdigest()


def unchanged(bench: Workbench, sight: Sight | None) -> Summary | None:
    """Return what a run reports that need not read; none if it has to.

    It need not if the last one had nothing to write and all is as it was then.
    """
    last = latest_quiet(bench.store)
    if sight is None or last is None:
        return None
    is_old = time.time() - last.finished_at > LONGEST
    if is_old or last.glances + 1 >= bench.settings.full_read_every:
        return None
    record = state_of_record(bench.store)
    if record is None or last.glance != sight.told(record):
        return None
    keep_glance(bench.store, last.run_id, last.glance, last.glances + 1)
    return _recalled(bench, last)


def keep(
    bench: Workbench, sight: Sight | None, library: Library, summary: Summary
) -> None:
    """Keep what a run saw that had nothing to write."""
    record = state_of_record(bench.store)
    did = summary.planned or summary.taken_over or summary.failed_letters
    if sight and record and not did and sight.agrees_with(library):
        keep_glance(bench.store, bench.run_id, sight.told(record))


def _recalled(bench: Workbench, last: Quiet) -> Summary:
    document = json.loads(last.summary)
    facts = {name: document[name] for name in STAYS}
    facts |= {name: document[name] for name in SINCE if name in document}
    phases = {
        label: PhaseCount(kept_by_drift=counts["kept_by_drift"])
        for label, counts in document["phases"].items()
    }
    return Summary(
        run_id=bench.run_id,
        library=bench.gateway.identity.title,
        dry_run=False,
        **facts,
        phases=phases,
        reads=bench.gateway.reads,
        seconds=time.monotonic() - bench.begun,
        top=[Ranked(**line) for line in document["top"]],
        bottom=[Ranked(**line) for line in document["bottom"]],
        unchanged_since=last.finished_at,
    )
