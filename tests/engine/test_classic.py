"""The classic model gives exactly the numbers that were worked out by hand."""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from engine.classic import (
    Constants,
    Phase,
    bayesian_average,
    chosen_phases,
    critic_points,
    inherited,
    priors,
    spelled,
)
from engine.errors import UsageError
from engine.evidence import Tally, library_mean
from engine.library import Level
from engine.planning.plan import drift_tolerance
from tests.engine.building import Told, given, parameters_of, part_of, plans_of

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "classic.json").read_text("utf-8")
)


def golden(kind):
    cases = GOLDEN[kind]
    return pytest.mark.parametrize("case", cases, ids=[case["desc"] for case in cases])


def column(rating):
    return np.array([np.nan if rating is None else rating], np.float64)


def points(rating):
    return pytest.approx(column(rating)[0], abs=5e-5, nan_ok=True)


def told(item):
    below = tuple(told(child) for child in item.get("below", ()))
    return Told(**item | {"below": below})


@golden("critics")
def test_a_critic_speaks_on_the_listeners_scale(case):
    constants = Constants(critic_bias=case["bias"])

    assert critic_points(column(case["critic"]), constants)[0] == points(case["points"])


@golden("priors")
def test_the_prior_blends_the_library_mean_with_the_critic(case):
    constants = Constants(**case["constants"])

    prior = priors(column(case["critic"]), case["mean"], constants)

    assert prior[0] == points(case["points"])


@golden("averages")
def test_ratings_outweigh_the_prior_by_their_number(case):
    evidence = Tally(column(len(case["ratings"])), column(sum(case["ratings"])))

    average = bayesian_average(column(case["prior"]), evidence, case["confidence"])

    assert average[0] == points(case["points"])


@golden("inheritances")
def test_a_child_inherits(case):
    held, manual = column(case["held"]), column(case["manual"])

    child = inherited(held, manual, np.array([0]), 6.0, case["gravity"])

    assert child[0] == points(case["points"])


@golden("drifts")
def test_large_libraries_tolerate_more_drift(case):
    tolerance = drift_tolerance(case["tracks"], dynamic=True)

    assert tolerance / 2 == pytest.approx(case["stars"], abs=5e-4)


@golden("means")
def test_the_library_mean(case):
    part = part_of(*map(told, case["artists"]))

    assert library_mean(part.tracks) == case["mean"]


@golden("runs")
def test_a_run_gives(case):
    part = part_of(*map(told, case["artists"]))
    parameters = parameters_of(case["mean"], **case["constants"])
    phases = [phase for phase in Phase if phase.label in case["plans"]]

    plans = plans_of(part, parameters, phases)

    assert {plan.phase.label: given(plan) for plan in plans} == case["plans"]


def test_the_constants_are_the_promised_ones():
    assert Constants() == Constants(
        confidence=3.0,
        critic_bias=1.5,
        critic_weight=3.0,
        global_weight=1.0,
        album_gravity=0.2,
        track_gravity=0.3,
    )


@pytest.mark.parametrize(
    ("phase", "label", "level"),
    [
        (1, "1 album-up", Level.ALBUM),
        (2, "2 artist-up", Level.ARTIST),
        (3, "3 album-down", Level.ALBUM),
        (4, "4 track-down", Level.TRACK),
    ],
)
def test_a_phase_is_known_by_its_number(phase, label, level):
    assert (Phase(phase).label, Phase(phase).level) == (label, level)


@pytest.mark.parametrize(
    ("wanted", "phases"),
    [
        ("1-4", [1, 2, 3, 4]),
        ("3", [3]),
        ("4,1", [1, 4]),
        ("1-2, 2-3", [1, 2, 3]),
        (" 2 - 3 ", [2, 3]),
    ],
)
def test_phases_are_chosen_in_words_and_come_in_order(wanted, phases):
    assert chosen_phases(wanted) == phases


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        *((word, "are not phases: give 1 to 4") for word in ("", "0", "5", "1-5")),
        *((word, "are not phases: give 1 to 4") for word in ("album", "1,,2", "1-2-3")),
        ("4-1", "write the lower first"),
    ],
)
def test_a_choice_that_is_no_phase_is_refused(wanted, why):
    with pytest.raises(UsageError, match=why):
        chosen_phases(wanted)


@pytest.mark.parametrize("count", range(1, 5))
def test_every_choice_of_phases_has_one_spelling_the_shortest(count):
    choices = [list(choice) for choice in combinations(Phase, count)]

    assert [chosen_phases(spelled(choice)) for choice in choices] == choices
    assert spelled([Phase(4), Phase(3), Phase(4), Phase(1)]) == "1,3-4"
