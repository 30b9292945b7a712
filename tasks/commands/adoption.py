"""Ratings that stand in Plex are put onto the record as ours."""

from engine.library import Level, Library
from engine.planning.batches import chunks, tag_edits
from engine.rating_scale import Ints, rounded
from tasks.record.given import GivenRating, confirm_given, record_given
from tasks.runtime.context import RunContext, Step
from tasks.sync.reconcile import UNKNOWN_PHASE, OurRating, shadow_rows_of


def own_tags(context: RunContext, level: Level, keys: Ints) -> None:
    """Note that items got our tag from us, whether or not a rating followed."""
    context.watch(Step(total=len(keys)))
    for some in chunks(keys):
        context.cancellation.checkpoint()
        look = context.gateway.fetch_items(some)[level]
        context.store.mark_as_ours(level, look, context.settings.inferred_tag)
        context.watch(Step(phase=f"record {level.word}s", items=len(some)))


def adopt_and_tag(
    context: RunContext,
    library: Library,
    level: Level,
    rows: Ints,
    run_id: str | None = None,
) -> None:
    """Put ratings that stand in Plex onto the record as ours, and give them the tag."""
    adopt(context, library, level, rows, run_id)
    if not context.tag_for(level):
        return
    for keys in chunks(library.listed(level).key[rows]):
        context.before_write()
        look = context.gateway.fetch_items(keys)[level]
        for edit in tag_edits(level, look, context.tag):
            context.executor.apply(edit)


def adopt(
    context: RunContext,
    library: Library,
    level: Level,
    rows: Ints,
    run_id: str | None = None,
) -> None:
    """Put ratings that stand in Plex onto the record as ours; none: of this run."""
    items = library.listed(level).take(rows)
    own_tags(context, level, items.key)
    values, now = rounded(items.rating).tolist(), context.machine.now()
    by = context.run_id if run_id is None else run_id
    given = {
        guid: OurRating(UNKNOWN_PHASE, by, value, now)
        for guid, value in zip(items.guid, values, strict=True)
    }
    shadows = shadow_rows_of(library, level, rows, given)
    context.store.confirm(level, list({row.guid: row for row in shadows}.values()))


def adopt_given(
    context: RunContext, library: Library, level: Level, rows: Ints
) -> None:
    """Let ratings of a person count as inferred; an undo of the run gives them back."""
    items = library.listed(level).take(rows)
    columns = items.guid, items.key.tolist(), items.rating.tolist()
    stood = [
        GivenRating(level, guid, key, r, r)
        for guid, key, r in zip(*columns, strict=True)
    ]
    record_given(context.store, context.run_id, stood)
    dates = zip(columns[1], columns[2], items.rated_at.tolist(), strict=True)
    seen = {key: (rating, date) for key, rating, date in dates}
    confirm_given(context.store, context.run_id, level, seen)
    adopt_and_tag(context, library, level, rows, run_id="")
