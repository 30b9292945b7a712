"""A report says how sure its guesses are, and of whom it knows least and most."""

from dataclasses import replace

from engine.classic import Phase
from engine.hierarchical.fitting import fit
from engine.planning.plan import plan_part
from engine.reports.confidence import NAMED, Sureness, sureness_of
from tests.engine.building import (
    album,
    artist,
    parameters_of,
    part_of,
    plans_of,
    track,
)
from tests.engine.parts import part_of as music_of
from tests.engine.parts import random_library

BELIEFS = parameters_of(tolerance=0.0)


def artists(*rated):
    """Return artists with one album each, of so many rated and two other tracks."""
    return [
        artist(
            f"A{at}",
            album(
                f"a{at}",
                *(track(f"{at}.{n}", 8.0) for n in range(count)),
                track(f"{at}.x"),
                track(f"{at}.y"),
            ),
        )
        for at, count in enumerate(rated)
    ]


def test_the_classic_model_counts_the_ratings_behind_its_guesses():
    part = part_of(*artists(0, 1, 2, 12))

    found = sureness_of(part, plans_of(part, BELIEFS))

    assert found.by == "ratings"
    assert [(b.least, b.most, b.guesses, b.ratings, b.sd) for b in found.bands] == [
        (0, 1, 4, 0, None),
        (1, 3, 8, 1.5, None),
        (10, None, 4, 12, None),
    ]


def test_those_of_whom_least_is_known_come_with_the_most_tracks_first():
    part = part_of(*artists(5, 0, 3, *[4] * NAMED), artist("B", album("b", track("t"))))

    found = sureness_of(part, plans_of(part, BELIEFS))

    assert [own.name for own in found.least] == ["A1", "B", "A2", "A3", "A4"]
    assert [own.name for own in found.most] == ["A0", "A7", "A6", "A5"]
    assert [own.ratings for own in found.most] == [5, 4, 4, 4]
    assert found.least[0].tracks == 2


def test_the_hierarchical_model_counts_by_confidence():
    part = music_of(random_library(3))
    plans = plan_part(list(Phase), part, replace(BELIEFS, fit=fit(part)))

    found = sureness_of(part, plans)

    assert found.by == "confidence"
    assert sum(band.guesses for band in found.bands) == sum(map(len, plans))
    assert [b.least for b in found.bands] == sorted(b.least for b in found.bands)
    assert all(band.sd for band in found.bands)
    assert all(0 <= own.confidence <= 1 for own in found.least)


def test_without_a_guess_nothing_is_said():
    part = part_of()

    assert sureness_of(part, plans_of(part, BELIEFS)) == Sureness()
