"""Holding the record against Plex without touching either."""

import numpy as np

from engine.classic import Phase
from engine.evidence import split
from engine.library import Items, Level, Library
from engine.ownership import Owner
from engine.planning.plan import held_after, plan_part
from engine.rating_scale import Bools, Ints
from engine.rename_detection import Name, moves
from engine.reports.audit import Audit
from engine.reports.ranking import Ranked, ranking
from tasks.runtime.context import Workbench
from tasks.sync.reconcile import Stock, take_stock
from tasks.sync.record_lookup import unlisted
from tasks.sync.run_parameters import beliefs_of


def verify(bench: Workbench) -> Audit:
    """Compare the record with Plex: three listings, and those of our tag."""
    stock = take_stock(bench)
    audit = Audit(library=bench.gateway.identity.title)
    for level in Level:
        _check(bench, stock, level, audit)
    audit.pending.note(pending(bench, stock))
    audit.not_understood.note(stock.library.not_understood)
    return audit


def rank(
    bench: Workbench, count: int, level: Level
) -> tuple[list[Ranked], list[Ranked]]:
    """Return the best and the worst artists or albums, as Plex holds them now."""
    everything = take_stock(bench).everything
    return ranking(everything, held_after(everything[level], []), count, level)


def pending(bench: Workbench, stock: Stock) -> list[str]:
    """Return the changes that a run would make now, in words."""
    beliefs = beliefs_of(bench.settings, stock.everything, bench.pen.abilities.step)
    changes = []
    for part in split(stock.library, stock.everything).values():
        for plan in plan_part(tuple(Phase), part, beliefs):
            items = stock.library[plan.phase.level]
            rows = items.rows_of(plan.key)
            changes += _names(items, plan.phase.level, rows)
    return changes


def _check(bench: Workbench, stock: Stock, level: Level, audit: Audit) -> None:
    shelf = stock.everything[level]
    owner, items = shelf.standing.owner, shelf.items
    shadows, intents = bench.store.shadows(level), bench.store.intents(level)
    recorded = {row.guid: Name(row.guid, row.key, row.fingerprint) for row in shadows}
    recorded |= {row.guid: Name(row.guid, row.key, "") for row in intents}
    found = moves(stock.library, level, list(recorded.values()))
    audit.recorded += len(recorded)
    audit.moved.note(
        [f"{level.word} {move.old.key} → {move.new.key}" for move in found]
    )
    moved = {move.old.guid for move in found}
    stays = [name for guid, name in recorded.items() if guid not in moved]
    hidden = unlisted(bench.gateway, stock.library, level, stays)
    audit.not_understood.note(_not_listed(stock.library, level, hidden))
    here = set(stock.library.listed(level).guid) | set(hidden.guid)
    here |= {oddity.guid for oddity in stock.library.oddities}
    lost = [name for name in stays if name.guid not in here]
    audit.gone.note([f"{level.word} {name.key} ({name.guid})" for name in lost])
    audit.edited.note(_where(items, level, shelf.lead & (owner == Owner.TAKEN_OVER)))
    audit.cleared.note(_where(items, level, shelf.lead & (owner == Owner.CLEARED)))
    open_ones = np.isin(owner, (Owner.UNWRITTEN, Owner.WRITTEN))
    audit.unfinished.note(_where(items, level, shelf.lead & open_ones))
    _check_tags(bench, stock.library, level, ~np.isnan(shelf.standing.ours), audit)


def _not_listed(library: Library, level: Level, hidden: Items) -> list[str]:
    """Name the items that are not listed, but for those that others lack already."""
    below = library.left_out.get(Level(level + 1)) if level < Level.TRACK else None
    told = np.isin(hidden.key, [] if below is None else below.parent)
    names = _names(hidden, level, np.flatnonzero(~told))
    return [f"{name}: on record and not listed, though it is there" for name in names]


def _check_tags(
    bench: Workbench, library: Library, level: Level, ours: Bools, audit: Audit
) -> None:
    if not bench.tag:
        return
    items = library[level]
    bearing = bench.gateway.tagged(level, trusted=items.key[ours])
    tagged = np.isin(items.key, bearing.key)
    theirs = {mark.key for mark in bench.store.marks(level) if mark.had_tag}
    spared = np.isin(items.key, list(theirs))
    audit.untagged.note(_where(items, level, ours & ~tagged))
    known = {mark.key for mark in bench.store.marks(level)}
    strange = tagged & ~ours & ~spared & ~np.isin(items.key, list(known))
    audit.stray.note(_where(items, level, strange))


def _where(items: Items, level: Level, chosen: Bools) -> list[str]:
    return _names(items, level, np.flatnonzero(chosen))


def _names(items: Items, level: Level, rows: Ints) -> list[str]:
    return [items.named(level, row) for row in rows]
