"""Spreadsheets: what a person changes there is theirs, and can be taken back."""

import random
from dataclasses import replace as changed_to

import pytest

from engine.errors import PlexUnreachable
from engine.planning.undo_plan import Selection
from tasks.commands.spreadsheet import ImportRequest, Wanted, export, import_ratings
from tasks.commands.undo import undo
from tests.state_machine.plain_runs import infer_plainly
from tests.tasks.first_batches import run_at, spoil
from tests.tasks.given import (
    files,
    on_record,
    plex,
    random_plex,
    rate,
    ratings,
    rows_of,
    tagged,
    told,
    write_rows,
)

__all__ = ["files", "plex", "run_at"]


def test_what_was_rated_since_stays_when_an_import_is_taken_back(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))[:3]
    ours = ratings(plex)
    write_rows(files / "x.csv", [{"rating_key": key, "stars": 5} for key in keys])
    with run_at(plex, "import") as context:
        given = import_ratings(context, ImportRequest(files / "x.csv"))
    rate(plex, keys[0], 4.0)
    rate(plex, keys[1], 10.0)

    with run_at(plex, "undo") as context:
        undone = undo(context, Selection(run="import"))

    assert (given.given, given.in_place_of_inferred) == (3, 3)
    assert (undone.given_back, undone.kept) == (1, 2)
    held = ratings(plex)
    assert [held[key] for key in keys] == [4.0, 10.0, ours[keys[2]]]


def test_what_was_given_is_evidence_and_never_written_to(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        keys = sorted(on_record(context))
    write_rows(files / "x.csv", [{"rating_key": key, "stars": 0.5} for key in keys[:2]])
    with run_at(plex, "import") as context:
        import_ratings(context, ImportRequest(files / "x.csv"))
        assert not on_record(context) & set(keys[:2])
        assert not tagged(plex) & set(keys[:2])
    with run_at(plex, "infer") as context:
        infer_plainly(context)
    with run_at(plex, "undo") as context:
        undo(context, Selection())

    assert [ratings(plex)[key] for key in keys[:2]] == [1.0, 1.0]


@pytest.mark.parametrize("seed", range(3))
def test_exported_edited_and_imported_changes_just_the_edited_cells(
    seed, run_at, files
):
    plex = random_plex(seed)
    with run_at(plex) as context:
        infer_plainly(context)
    with run_at(plex, "export") as context:
        export(context, files / "all.csv", Wanted())
        same = import_ratings(context, ImportRequest(files / "all.csv"))
        before, bearing = ratings(plex), tagged(plex)
        recorded = on_record(context)
    rows = rows_of(files / "all.csv")
    inferred = {row["guid"]: row for row in rows if row["rating_type"] == "inferred"}
    edited = random.Random(seed).sample(sorted(inferred), 20)  # noqa: S311
    for guid in edited:
        inferred[guid]["stars"] = "0.5"
    write_rows(files / "all.csv", rows)

    with run_at(plex, "import") as context:
        given = import_ratings(context, ImportRequest(files / "all.csv"))
        after = ratings(plex)
        undo(context, Selection(run="import"))
        back = on_record(context)

    wanted = {r["ratingKey"] for r in told(plex) if r["guid"] in edited}
    assert (same.given, same.released) == (0, 0)
    assert given.given == len(edited)
    assert after == pytest.approx(before | dict.fromkeys(wanted, 1.0))
    assert ratings(plex) == pytest.approx(before)
    assert (back, tagged(plex)) == (recorded, bearing)


def test_a_rating_type_may_be_changed_both_ways(plex, run_at, files):
    with run_at(plex) as context:
        infer_plainly(context)
        export(context, files / "all.csv", Wanted())
    before = ratings(plex)
    rows = rows_of(files / "all.csv")
    ours = next(row for row in rows if row["rating_type"] == "inferred")
    theirs = next(row for row in rows if row["rating_type"] == "manual")
    ours["rating_type"], theirs["rating_type"] = "manual", "inferred"
    write_rows(files / "all.csv", rows)
    request = ImportRequest(files / "all.csv")

    with run_at(plex, "import") as context:
        given = import_ratings(context, request)
        half = import_ratings(context, changed_to(request, adopts_half_stars=True))
        recorded = on_record(context)

    assert (given.released, given.adopted, len(given.half_stars)) == (1, 0, 1)
    assert half.adopted == 1
    assert ratings(plex) == before
    assert (int(ours["key"]) in recorded, int(theirs["key"]) in recorded) == (
        False,
        True,
    )
    assert int(ours["key"]) not in tagged(plex)
    assert int(theirs["key"]) in tagged(plex)


def test_an_import_that_is_broken_off_goes_on_and_can_be_taken_back(
    plex, run_at, files
):
    with run_at(plex) as context:
        infer_plainly(context)
        recorded = on_record(context)
    before = ratings(plex)
    keys = sorted(recorded)[:4]
    values = zip(keys, (1, 2, 3, 4), strict=True)
    write_rows(files / "x.csv", [{"rating_key": k, "stars": v} for k, v in values])
    request = ImportRequest(files / "x.csv")

    spoil(plex, "timeout_after", times=1, **{"from": 2})
    with run_at(plex, "import") as context, pytest.raises(PlexUnreachable):
        import_ratings(context, request)
    plex.faults.set([])
    broken_off = ratings(plex)
    with run_at(plex, "import") as context:
        import_ratings(context, request)
        whole = ratings(plex)
        undo(context, Selection(run="import"))
        back = on_record(context)

    assert broken_off != before
    assert [whole[key] for key in keys] == [2.0, 4.0, 6.0, 8.0]
    assert ratings(plex) == before
    assert back == recorded
