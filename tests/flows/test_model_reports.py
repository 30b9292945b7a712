"""What a value is made of is told in words, with what each part weighs."""

from engine.classic import Constants
from engine.library import Level
from engine.reports.explanation import Reason, Why, why_classic
from flows.reports.model_reports import parts
from tests.engine.building import album, artist, part_of, track


def test_every_part_of_a_value_is_told_with_its_weight() -> None:
    mirel = artist("Mirel", album("Dorn", track("Vesk", 10.0), track("b"), critic=8.5))
    part = part_of(mirel)

    why = why_classic(part, Level.TRACK, 1, 6.0, Constants())

    assert parts(why) == [
        ("3.000★", "library mean"),
        ("+0.758★", "the critics' 4.35★, on your scale (56 %)"),
        ("+0.500★", "your 5.00★ for the track Vesk (25 %)"),
        ("4.258★", "together"),
    ]


def test_a_recording_that_is_rated_elsewhere_says_where_its_rating_is_from() -> None:
    heard = Reason("double", "Vesk", 9.0, 1.0, 9.0, Level.TRACK, 7)

    assert parts(Why(9.0, (heard,))) == [
        ("4.500★", "your 4.50★ for the same recording, Vesk (100 %)"),
        ("4.500★", "together"),
    ]
