"""A saved plan is applied exactly, once, and never over what changed since."""

import json

import numpy as np
import pytest

from engine.errors import UsageError
from engine.library import Level
from engine.planning.undo_plan import Selection
from tasks.commands.apply import apply
from tasks.commands.undo import undo
from tasks.sync.reconcile import snapshot_of
from tasks.sync.saved_plans import save_plan
from tasks.sync.steps import plans_of, read
from tests.simulator.plex import Plex
from tests.state_machine.accounts import TAG, small_world
from tests.tasks.first_batches import run_at, state

__all__ = ["run_at"]


@pytest.fixture
def plex() -> Plex:
    return Plex(small_world())


@pytest.fixture
def path(tmp_path):
    return tmp_path / "plan.json"


def save(context, path):
    """Save what a run would write; return the points by ratingKey."""
    snapshot = snapshot_of(context, read(context))
    plans = [plan for own in plans_of(context, snapshot).values() for plan in own]
    save_plan(path, context.gateway.identity, 0.0, snapshot.everything, plans)
    return {one["key"]: one["after"] for one in json.loads(path.read_text())["changes"]}


def rate(plex, keys, points):
    plex.world.clock.jump(1)
    for item in plex.world.items():
        if item.key in keys:
            plex.world.rate(item, points)


def rated(plex):
    return {key: rating for key, (rating, _, _) in state(plex).items()}


def guid_of(plex, key):
    return next(item.guid for item in plex.world.items() if item.key == key)


def rewritten(path, change):
    """Let `change` edit the changes of a saved plan."""
    document = json.loads(path.read_text())
    change(document["changes"])
    path.write_text(json.dumps(document))


def test_a_plan_writes_all_but_what_a_person_changed_and_that_once(plex, run_at, path):
    with run_at(plex) as context:
        planned = save(context, path)
    theirs = sorted(planned)[::2][:10]
    rate(plex, theirs, 2.0)
    before = rated(plex)

    with run_at(plex, "apply") as context:
        applied = apply(context, path)
    held, bearing = rated(plex), state(plex)
    with run_at(plex, "again") as context:
        writes = context.gateway.writes
        again = apply(context, path)
        wrote = context.gateway.writes - writes
    with run_at(plex, "undo") as context:
        undo(context, Selection(run="apply"))

    left = planned.keys() - set(theirs)
    assert len(applied.changed_since) == len(theirs)
    assert all(
        any(f"({key})" in name for name in applied.changed_since) for key in theirs
    )
    changed = {key for key in held if held[key] != before[key]}
    assert {guid_of(plex, key) for key in changed} == {guid_of(plex, k) for k in left}
    assert {key: held[key] for key in left} == pytest.approx(
        {key: planned[key] for key in left}
    )
    assert all(TAG in bearing[key][1] for key in left)
    assert (again.written, again.already_there, wrote) == (0, len(left), 0)
    assert rated(plex) == before


def test_a_dry_run_says_what_applying_would_write(plex, run_at, path):
    with run_at(plex) as context:
        planned = save(context, path)
        context.is_live = False
        before = state(plex)
        said = apply(context, path)

    assert (said.dry_run, said.written) == (True, len(planned))
    assert state(plex) == before


def test_what_no_plan_of_ours_can_hold_is_named_and_left_out(plex, run_at, path):
    with run_at(plex) as context:
        planned = save(context, path)
    keys = sorted(planned)

    def spoil(changes):
        by_key = {one["key"]: one for one in changes}
        by_key[keys[0]]["after"] = 11
        by_key[keys[1]]["after"] = float("nan")
        by_key[keys[2]]["phase"] = 5
        by_key[keys[3]]["guid"] = "plex://other"
        by_key[keys[4]]["before"] = 3.0
        by_key[keys[5]]["after"] = 7.123
        changes += ["x", {}, {"key": -1}]

    rewritten(path, spoil)
    with run_at(plex, "apply") as context:
        applied = apply(context, path)

    assert len(applied.not_understood) == 7
    assert len(applied.gone) == 1
    assert len(applied.changed_since) == 1
    assert applied.written == len(planned) - 6


def test_a_manual_rating_is_not_written_over_whatever_a_file_says(plex, run_at, path):
    before = {key: value for key, value in rated(plex).items() if value is not None}
    with run_at(plex) as context:
        save(context, path)
        library = read(context)
    guids = {
        int(key): (guid, level)
        for level in Level
        for key, guid in zip(library[level].key, library[level].guid, strict=True)
    }
    phase = {Level.ARTIST: 2, Level.ALBUM: 1, Level.TRACK: 4}

    def take(changes):
        changes[:] = [
            {
                "key": key,
                "guid": guids[key][0],
                "phase": phase[guids[key][1]],
                "before": value,
                "after": 1.23,
            }
            for key, value in before.items()
            if key in guids
        ]

    rewritten(path, take)
    with run_at(plex, "apply") as context:
        applied = apply(context, path)

    assert applied.written == 0
    assert applied.changed_since
    assert {key: rated(plex)[key] for key in before} == before


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no saved plan"),
        ("[]", "is no saved plan"),
        ('{"format": 2}', "is no saved plan: format"),
        ("[" * 100_000, "is no saved plan"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(plex, run_at, path, text, said):
    path.write_text(text)

    with run_at(plex) as context, pytest.raises(UsageError, match=said):
        apply(context, path)


@pytest.mark.parametrize("whose", ["server", "uuid", "account"])
def test_a_plan_of_another_library_is_refused(plex, run_at, path, whose):
    with run_at(plex) as context:
        save(context, path)
    document = json.loads(path.read_text()) | {whose: "other"}
    path.write_text(json.dumps(document))

    with run_at(plex) as context, pytest.raises(UsageError, match="another library"):
        apply(context, path)


def test_what_is_to_be_left_alone_since_is_not_written(plex, run_at, path):
    with run_at(plex) as context:
        planned = save(context, path)
        artists = tuple(read(context).artists.title)

    with run_at(plex, "apply", exclude_artists=artists) as context:
        applied = apply(context, path)

    assert (applied.written, len(applied.left_alone)) == (0, len(planned))


def test_a_plan_says_how_sure_each_rating_is(plex, run_at, path):
    with run_at(plex, model="hierarchical") as context:
        save(context, path)
    with run_at(plex, "apply", model="hierarchical") as context:
        apply(context, path)
        known = context.store.database
        with known.reading() as connection:
            rows = connection.exec_driver_sql("select sd from shadow").all()

    assert rows
    assert not np.isnan([row.sd for row in rows]).any()
