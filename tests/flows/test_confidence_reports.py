"""People see how sure the guesses of a run are, and of whom least is known."""

from dataclasses import replace

import pytest

from engine.classic import Phase
from engine.hierarchical.fitting import fit
from engine.planning.plan import plan_part
from engine.reports.confidence import Sureness, sureness_of
from flows.reports.confidence_reports import tables
from tests.engine.building import parameters_of, part_of
from tests.engine.test_confidence import artists

BELIEFS = parameters_of(tolerance=0.0)


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_a_report_counts_guesses_and_names_artists(model):
    part = part_of(*artists(0, 1, 2, 12, 4, 9, 5))
    learned = fit(part) if model == "hierarchical" else None
    plans = plan_part(list(Phase), part, replace(BELIEFS, fit=learned))

    (_, head, bands), (_, _, least), (_, _, most) = tables(sureness_of(part, plans))

    assert head[0] == ("your ratings" if learned is None else "confidence")
    if learned is None:
        assert [row[0] for row in bands] == ["0", "1 to 2", "3 to 9", "10 or more"]
    assert sum(int(row[1]) for row in bands) == sum(map(len, plans))
    assert least[0][1:] == ("A0", "–" if learned is None else least[0][2], "0", "2")
    assert {row[1] for row in least + most} == {f"A{n}" for n in range(7)}


def test_where_nothing_is_guessed_nothing_is_said():
    assert list(tables(Sureness())) == []
