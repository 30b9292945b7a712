"""What an import did is taken back: what stood before stands again."""

import pytest

from engine.errors import PlexUnreachable
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.spreadsheet import ImportRequest, Wanted, export, import_ratings
from tasks.commands.undo import undo
from tasks.commands.verify import verify
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, spoil
from tests.tasks.given import (
    files,
    on_record,
    plex,
    rate,
    ratings,
    rows_of,
    tagged,
    write_rows,
)

__all__ = ["files", "plex", "run_at"]


def import_stars(run_at, plex, files, keys, stars, run="import", **facts):
    """Give items stars by a file."""
    write_rows(files / "x.csv", [{"rating_key": key, "stars": stars} for key in keys])
    with run_at(plex, run) as context:
        return import_ratings(context, ImportRequest(files / "x.csv", **facts))


def undo_run(run_at, plex, run="import", **selected):
    with run_at(plex, "undo") as context:
        return undo(context, Selection(run=run, **selected))


@pytest.mark.parametrize("points", [9.0, None], ids=["rated", "removed"])
def test_what_a_person_did_to_a_rating_of_ours_stands_again_after_an_undo(
    plex, run_at, files, points
):
    with run_at(plex) as context:
        infer_plainly(context)
        key = min(on_record(context))
    rate(plex, key, points)

    import_stars(run_at, plex, files, [key], 2, replaces=True)
    given = ratings(plex)[key]
    undo_run(run_at, plex)
    with run_at(plex) as context:
        recorded = on_record(context)

    assert given == 4.0
    assert ratings(plex).get(key) == points
    assert key not in recorded


def test_a_changed_cell_stays_the_persons_however_often_it_is_read(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        export(context, files / "all.csv", Wanted())
    rows = rows_of(files / "all.csv")
    row = next(row for row in rows if row["rating_type"] == "inferred")
    row["stars"] = "3.7"
    write_rows(files / "all.csv", rows)
    request = ImportRequest(files / "all.csv", adopts_half_stars=True)

    reports = []
    for run in ("one", "two"):
        with run_at(plex, run) as context:
            reports.append(import_ratings(context, request))
    with run_at(plex, "infer") as context:
        infer_plainly(context)
        undo(context, Selection())

    assert [one.adopted for one in reports] == [0, 0]
    assert ratings(plex)[int(row["key"])] == 7.4


def test_a_timeout_within_an_import_adopts_nothing(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        export(context, files / "all.csv", Wanted())
    rows = rows_of(files / "all.csv")
    for row in [row for row in rows if row["rating_type"] == "inferred"][:4]:
        row["stars"] = "3.7"
    write_rows(files / "all.csv", rows)
    request = ImportRequest(files / "all.csv")

    spoil(plex, "timeout_after", times=1)
    with run_at(plex, "import") as context, pytest.raises(PlexUnreachable):
        import_ratings(context, request)
    plex.faults.set([])
    with run_at(plex, "import") as context:
        again = import_ratings(context, request)

    assert again.adopted == 0


def test_an_undo_gives_adopted_ratings_back_to_the_person(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        export(context, files / "all.csv", Wanted(only="manual"))
    before = ratings(plex)
    rows = rows_of(files / "all.csv")
    for row in rows:
        row["rating_type"] = "inferred"
    write_rows(files / "all.csv", rows)
    request = ImportRequest(files / "all.csv", adopts_half_stars=True)

    with run_at(plex, "import") as context:
        adopted = import_ratings(context, request).adopted
    bearing = tagged(plex)
    undo_run(run_at, plex)
    with run_at(plex) as context:
        recorded = on_record(context)

    keys = {int(row["key"]) for row in rows}
    assert adopted > 0
    assert keys & bearing
    assert ratings(plex) == before
    assert not keys & (recorded | tagged(plex))


def test_an_undo_of_some_of_a_run_leaves_the_rest(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))
    before = ratings(plex)
    import_stars(run_at, plex, files, keys, 0.5)
    given = ratings(plex)

    undo_run(run_at, plex, artist="Abel")
    of_artist = {k for k, points in ratings(plex).items() if points != given[k]}
    undo_run(run_at, plex)

    assert 0 < len(of_artist) < len(keys)
    assert ratings(plex) == before


def test_an_import_can_be_taken_back_after_items_got_new_keys(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        tracks = {row.key for row in context.store.shadows(Level.TRACK)}
    guids = {item.guid for item in plex.world.items() if item.key in tracks}
    items = [i for i in plex.world.items() if i.guid in guids and not i.is_local][:3]
    before = {item.guid: ratings(plex)[item.key] for item in items}
    import_stars(run_at, plex, files, [item.key for item in items], 5)
    for item in items:
        plex.world.rekey(item, rescanned=True)

    undone = undo_run(run_at, plex)

    assert undone.given_back == len(before)
    assert {item.guid: ratings(plex)[item.key] for item in items} == before


def test_what_was_given_by_a_file_never_looks_inferred(plex, run_at, files):
    wishes = {"inferred_tag": ""}
    with run_at(plex, **wishes) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))[:12]
    write_rows(files / "x.csv", [{"rating_key": k, "stars": 3.65} for k in keys])

    with run_at(plex, "import", **wishes) as context:
        import_ratings(context, ImportRequest(files / "x.csv"))
    with run_at(plex, "infer", **wishes) as context:
        infer_plainly(context)
        looks = verify(context).looks_ours.count
        undo(context, Selection(run="import"))

    assert looks == 0


def test_what_a_person_removed_since_an_import_stays_removed(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        first, second = sorted(on_record(context))[:2]
    before = ratings(plex)
    import_stars(run_at, plex, files, [first, second], 5)
    rate(plex, first, None)

    undone = undo_run(run_at, plex)

    held = ratings(plex)
    assert (undone.given_back, undone.kept) == (1, 1)
    assert first not in held
    assert held[second] == before[second]
