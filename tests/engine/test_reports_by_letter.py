"""A report says of every letter how much of it failed."""

from engine.classic import Phase
from engine.reports.run_report import summarize
from tests.engine.building import part_of
from tests.engine.test_reports import HOUSE, outcome_of, summary


def test_failed_ratings_are_counted_by_letter():
    part = part_of(*HOUSE)
    seen = {("M", phase): 1 for phase in Phase}
    outcome = outcome_of(HOUSE, seen=seen, failures={"Q": "the server is away"})

    live = summarize(summary(), part, part, outcome)
    dry = summarize(summary(dry_run=True), part, part, outcome)

    assert live.failed_ratings["Q"] == sum(
        counted.planned for counted in live.letters["Q"].values()
    )
    assert sum(live.failed_ratings.values()) == live.failed
    assert dry.failed_ratings == {}
