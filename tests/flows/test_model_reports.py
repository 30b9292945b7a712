"""What a value is made of, and how sure guesses are, is told in words."""

from dataclasses import replace

import pytest

from engine.classic import Constants, Phase
from engine.evaluation.backtest import Backtest, verdict
from engine.hierarchical.fitting import fit
from engine.library import Level
from engine.planning.plan import plan_part
from engine.reports.confidence import Sureness, sureness_of
from engine.reports.explanation import Reason, Why, why_classic
from flows.reports.model_reports import parts, show_backtest
from flows.reports.terminal import sureness_tables
from tests.engine.building import album, artist, parameters_of, part_of, track
from tests.engine.test_confidence import artists


def test_every_part_of_a_value_is_told_with_its_weight():
    mirel = artist("Mirel", album("Dorn", track("Vesk", 10.0), track("b"), critic=8.5))

    why = why_classic(part_of(mirel), Level.TRACK, 1, 6.0, Constants())

    assert parts(why) == [
        ("3.000★", "library mean"),
        ("+0.758★", "the critics' 4.35★, on your scale (56 %)"),
        ("+0.500★", "your 5.00★ for the track Vesk (25 %)"),
        ("4.258★", "together"),
    ]


def test_a_recording_that_is_rated_elsewhere_says_where_its_rating_is_from():
    heard = Reason("double", "Vesk", 9.0, 1.0, 9.0, Level.TRACK, 7)

    assert parts(Why(9.0, (heard,))) == [
        ("4.500★", "your 4.50★ for the same recording, Vesk (100 %)"),
        ("4.500★", "together"),
    ]


def test_with_few_ratings_only_a_sentence_is_shown(capsys):
    nothing = Backtest("track5", 0, {}, {})

    show_backtest(nothing, verdict(nothing))

    shown = " ".join(capsys.readouterr().out.split())
    assert shown == verdict(nothing).sentence


@pytest.mark.parametrize("model", ["classic", "hierarchical"])
def test_a_report_counts_guesses_and_names_artists(model):
    part = part_of(*artists(0, 1, 2, 12, 4, 9, 5))
    learned = fit(part) if model == "hierarchical" else None
    parameters = replace(parameters_of(tolerance=0.0), fit=learned)
    plans = plan_part(list(Phase), part, parameters)

    (_, head, bands), (_, _, least), (_, _, most) = sureness_tables(
        sureness_of(part, plans)
    )

    assert head[0] == ("your ratings" if learned is None else "confidence")
    if learned is None:
        assert [row[0] for row in bands] == ["0", "1 to 2", "3 to 9", "10 or more"]
    assert sum(int(row[1]) for row in bands) == sum(map(len, plans))
    assert least[0][1:] == ("A0", "–" if learned is None else least[0][2], "0", "2")
    assert {row[1] for row in least + most} == {f"A{n}" for n in range(7)}


def test_where_nothing_is_guessed_nothing_is_said():
    assert list(sureness_tables(Sureness())) == []
