"""A first run rates what nobody rated, exactly; a second one changes nothing."""

from collections import Counter
from pathlib import Path

import pytest

from tests.flows.expecting import expect_inferred, inferred
from tests.flows.listener import items, ratings, tagged
from tests.flows.test_faults import letter_among
from tests.simulator.process import Simulator

LIBRARIES = Path(__file__).parents[3] / "shared" / "libraries"
REAL = [
    pytest.param(
        {"library": LIBRARIES / f"{name}.csv.gz"},
        id=name,
        marks=pytest.mark.skipif(
            not (LIBRARIES / f"{name}.csv.gz").exists(),
            reason="the real libraries are not part of the project",
        ),
    )
    for name in ("lib02", "lib05", "lib09")
]


@pytest.mark.parametrize(
    "plex",
    [pytest.param({"synthetic": 600, "seed": 3}, id="made-up"), *REAL],
    indirect=True,
)
def test_a_first_run_writes_what_an_independent_reading_of_the_rules_gives(
    plex, listener
):
    before, expected = plex.dump(), inferred(plex)

    rehearsal = listener.run("infer", "--dry-run")
    has_traces = plex.counts()["writes"] or listener.state.exists()
    untouched = plex.dump()
    ran = listener.run("infer", "--live")
    after = plex.dump()

    assert untouched == before
    assert not has_traces
    assert ran.status == rehearsal.status == 0
    assert not (set(ratings(before)) & set(expected))
    expect_inferred(after, before, expected)
    assert set(ratings(after)) == set(items(after))
    assert rehearsal.summary["planned"] == ran.summary["written"]
    assert rehearsal.summary["written"] == ran.summary["failed"] == 0


def test_a_second_run_writes_nothing_and_asks_little(plex, listener):
    listener.run("infer")
    after = plex.dump()
    plex.clear_log()

    ran = listener.run("infer")

    assert ran.summary["planned"] == ran.summary["written"] == 0
    assert plex.counts()["writes"] == 0
    assert plex.counts()["reads"] <= 30 + len(items(after)) / 1000
    assert plex.dump() == after


@pytest.mark.long
def test_single_phases_one_by_one_give_what_the_whole_cycle_gives(listener_of):
    with (
        Simulator.start(synthetic=120) as whole,
        Simulator.start(synthetic=120) as pieces,
    ):
        listener_of(whole).run("0")
        by_number = listener_of(pieces)
        for number in "1234":
            assert by_number.run(number).status == 0

        assert ratings(pieces.dump()) == ratings(whole.dump())
        assert tagged(pieces.dump()) == tagged(whole.dump())


def test_without_a_tag_nothing_is_tagged(plex, listener):
    before = plex.dump()
    listener.configure(DRY_RUN=False, INFERRED_TAG="")

    listener.run("infer")

    after = items(plex.dump())
    assert {k: i["moods"] for k, i in after.items()} == {
        k: i["moods"] for k, i in items(before).items()
    }
    assert set(ratings(plex.dump())) == set(items(before))
    assert not any("mood" in r["path"] for r in plex.log() if r["writes"])


def test_locks_and_other_moods_stay_as_they_were(plex, listener):
    before = items(plex.dump())

    listener.run("infer")

    for key, item in items(plex.dump()).items():
        assert item["locks"] == before[key]["locks"]
        assert set(item["moods"]) - {"Rating_Inferred"} == set(before[key]["moods"])


@pytest.mark.parametrize("plex", [{"synthetic": 7500, "seed": 1}], indirect=True)
def test_a_typical_library_costs_few_requests(plex, listener):
    locks = {key: tuple(item["locks"]) for key, item in items(plex.dump()).items()}

    ran = listener.run("infer")

    groups = ideal_requests(plex, locks)
    counts = plex.counts()
    assert counts["reads"] <= 130
    assert counts["writes"] <= 1.05 * groups
    assert counts["writes"] <= ran.summary["written"] / 5


def ideal_requests(
    plex: Simulator, locks: dict[int, tuple[str, ...]], size: int = 25
) -> int:
    """Count the groups of one letter, level, value and locks, in chunks."""
    dump = plex.dump()
    everything = items(dump)
    groups = Counter(
        (level, letter_among(everything, key), item["userRating"], locks[key])
        for level in ("artists", "albums", "tracks")
        for key, item in ((item["ratingKey"], item) for item in dump[level])
        if "Rating_Inferred" in item["moods"]
    )
    return sum(-(-count // size) for count in groups.values())
