"""Trying out on two items what a server can be trusted with, before it matters."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.capabilities import COARSE, RATING_ONLY, Abilities, Reach
from engine.classic import Phase
from engine.edits import Edit, latest_date
from engine.errors import LibraryChanging, PlexUnreachable
from engine.estimates import Estimates
from engine.evidence import Part, Shelf
from engine.library import Level
from engine.ownership import Owner
from engine.planning.batches import MOST_IDS, Batch, Look
from engine.rating_scale import STEP, TOLERANCE, Floats, Ints
from tasks.record.capabilities import remember_abilities
from tasks.record.rows import sent_of
from tasks.runtime.context import Workbench
from tasks.sync.trial_cleanup import CANARY, FIRST, SECOND, TRIAL, folded, mend, near

LONGEST_NAME = 64
"""Letters of a run's name on record."""

PHASES = {
    Level.TRACK: Phase.TRACK_DOWN,
    Level.ALBUM: Phase.ALBUM_DOWN,
    Level.ARTIST: Phase.ARTIST_UP,
}
"""As what items of a level are recorded meanwhile; tracks are preferred."""


@dataclass(frozen=True)
class Probe:
    """What came of a trial."""

    abilities: Abilities
    marred: tuple[int, ...] = ()
    """The keys of items that the server would not give back as they were."""


def probe(bench: Workbench, *parts: Part) -> Probe | None:
    """Find out how the server may be written to, and leave all as it was.

    Two unrated items are rated and tagged together, read back, and restored. As
    ever, the writes are promised on record first: if the trial breaks off, the
    two are known to be ours. What is found out is remembered for this version of
    the server, and the bench goes by it.

    Args:
        bench: The tools of a live run.
        parts: Where the two items may be looked for.

    Returns:
        None if there are no two items to try it on.

    Raises:
        PlexUnreachable: The trial broke off; another may be made.
        LibraryChanging: A person was at work on the two items.
    """
    mend(bench)
    if bench.gateway.obeys_ids():
        found = _candidates(bench, parts)
        if found is None:
            return None
        came = _Trial(bench, *found).run()
    else:  # an edit of two items would be one of the whole library
        came = Probe(RATING_ONLY)
    gateway = bench.gateway
    server, version = gateway.identity.server, gateway.version
    remember_abilities(bench.store, server, version, came.abilities)
    bench.pen.abilities = came.abilities
    return came


def _candidates(bench: Workbench, parts: Sequence[Part]) -> tuple[Level, Look] | None:
    """Return two items that nobody rated, preferably without moods to lose."""
    for level in PHASES:
        free = [np.empty(0, np.int64), *(_free(part[level]) for part in parts)]
        look = bench.gateway.look(np.concatenate(free)[:MOST_IDS])[level]
        promised = {row.guid for row in bench.store.intents(level)}
        promised |= {row.guid for row in bench.store.stragglers(level)}
        plain = np.isnan(look.rating) & ~look.has_tag
        plain &= ~look.mood_locked & ~look.rating_locked
        rows = [row for row in np.flatnonzero(plain) if look.guid[row] not in promised]
        rows.sort(key=lambda row: len(look.moods[row]))
        if len(rows) > 1:
            return level, look.take(np.sort(rows[:2]))
    return None


def _free(shelf: Shelf) -> Ints:
    """Return the keys of unrated items that share their rating with no other."""
    alone = np.bincount(shelf.twin, minlength=1)[shelf.twin] == 1
    keys: Ints = shelf.items.key[alone & (shelf.standing.owner == Owner.NOBODY)]
    return keys


class _Trial:
    """One trial on two items of a level, both unrated, untagged and unlocked."""

    def __init__(self, bench: Workbench, level: Level, before: Look) -> None:
        self._bench = bench
        self._level = level
        self._before = before
        self._now = before
        tag = bench.settings.inferred_tag
        self._tags: tuple[str, ...] = (CANARY, tag) if tag else ()
        self._name = f"{TRIAL}{bench.run_id}"[:LONGEST_NAME]

    def run(self) -> Probe:
        """Try everything out, and restore the items."""
        try:
            return self._run()
        except PlexUnreachable:
            sent = sent_of(self._promised, self._name, time.time())
            self._bench.store.hear_nothing(self._level, sent)
            raise

    def _run(self) -> Probe:
        # On a server that rounds, what arrives is this, and still known as ours.
        self._promise(FIRST, np.full(len(self._before.key), round(FIRST, 1)))
        self._edit(adds=self._tags[:1])
        self._edit(rates=True, points=FIRST, adds=self._tags[1:])
        self._keep()
        self._look()
        able = Abilities(self._rating(), self._tagging())
        # Plex's own apps rate like this; it also sets the date that a guard needs.
        self._bench.gateway.rate_one(int(self._before.key[0]), FIRST)
        self._look()
        is_fine = abs(self._now.rating[0] - FIRST) <= TOLERANCE
        able = replace(able, step=STEP if is_fine else COARSE)
        if able.rating is Reach.TOGETHER:
            able = replace(able, is_guarded=self._is_spared())
        return self._restored(able)

    def _rating(self) -> Reach:
        rated = near(self._now.rating, FIRST) & ~self._now.rating_locked
        return Reach.TOGETHER if rated.all() else Reach.SINGLY

    def _tagging(self) -> Reach:
        if not self._tags:
            return Reach.TOGETHER
        moods = zip(self._before.moods, self._now.moods, strict=True)
        given = [(folded(before), folded(now)) for before, now in moods]
        canary, tag = map(str.casefold, self._tags)
        has = [tag in now for _, now in given]
        kept = all(before | {canary} <= now for before, now in given if now - before)
        if not any(has) or not kept or self._now.mood_locked.any():
            return Reach.NEVER
        return Reach.TOGETHER if all(has) else Reach.SINGLY

    def _is_spared(self) -> bool:
        """Say whether a guarded edit leaves alone what was rated since."""
        self._promise(SECOND, self._now.rating)
        self._edit(rates=True, points=SECOND, is_guarded=True)
        self._keep()
        self._look()
        return not near(self._now.rating, SECOND)[0]

    def _restored(self, able: Abilities) -> Probe:
        """Give the items back as they were."""
        until = latest_date(self._now.rated_at)
        if able.rating is Reach.TOGETHER:
            self._edit(rates=True, rated_until=until, is_guarded=able.is_guarded)
            self._look()
        rated = ~np.isnan(self._now.rating)
        if rated.any():
            # A guard that lets nothing pass is of no use either.
            able = replace(able, is_guarded=False)
            for key in self._now.key[rated].tolist():
                self._bench.gateway.rate_one(key, None)
        if able.tagging is Reach.TOGETHER:
            self._edit(drops=self._tags)
        else:
            self._restore_moods()
        self._look()
        marred = self._marred()
        if np.isnan(self._now.rating).all():
            self._bench.store.forget(self._level, self._before.guid.tolist())
        return Probe(able, marred)

    def _restore_moods(self) -> None:
        for key, moods in zip(self._before.key, self._before.moods, strict=True):
            edit = Edit(self._level, np.array([key]), adds=moods, drops=self._tags)
            self._bench.gateway.edit(edit)

    def _marred(self) -> tuple[int, ...]:
        before, now = self._before, self._now
        pairs = zip(before.moods, now.moods, strict=True)
        whole = np.array([folded(then) == folded(own) for then, own in pairs], np.bool_)
        whole &= np.isnan(now.rating) & ~now.mood_locked & ~now.rating_locked
        return tuple(now.key[~whole].tolist())

    def _look(self) -> None:
        """Look at the items; whoever else is at work there comes first."""
        now = self._bench.gateway.look(self._before.key)[self._level]
        ours = np.isnan(now.rating) | near(now.rating, FIRST)
        ours |= near(now.rating, SECOND)
        if len(now.key) != len(self._before.key) or not ours.all():
            raise LibraryChanging(
                "The items with which the server was tried changed meanwhile."
            )
        self._now = now

    def _promise(self, points: float, or_else: Floats) -> None:
        """Put on record that the items hold points, or else others, and are ours."""
        before = self._before
        batch = Batch(
            phase=PHASES[self._level],
            after=points,
            rating_locked=False,
            key=before.key,
            guid=before.guid,
            planned=before.key,
            before=or_else,
            rated_until=0,
            estimates=Estimates.plain(before.rating, np.zeros(len(before.key), int)),
        )
        bench, tag = self._bench, "".join(self._tags[1:])
        bench.store.intend([batch], before, tag, self._name, time.time())
        self._promised = batch

    def _keep(self) -> None:
        """Note that Plex accepted what was promised: it will not arrive later."""
        self._bench.store.acknowledge(self._promised, time.time())

    def _edit(
        self,
        *,
        rates: bool = False,
        points: float | None = None,
        adds: tuple[str, ...] = (),
        drops: tuple[str, ...] = (),
        rated_until: int = 0,
        is_guarded: bool = False,
    ) -> None:
        if rates or adds or drops:
            self._bench.await_turn()
            edit = Edit(
                self._level,
                self._before.key,
                rates=rates,
                points=points,
                adds=adds,
                drops=drops,
                rated_until=rated_until,
            )
            self._bench.gateway.edit(edit, is_guarded=is_guarded)
