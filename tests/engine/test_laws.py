"""What holds of every library, whatever is in it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import given as forall
from hypothesis import strategies as st

from engine.classic import (
    Constants,
    Phase,
    album_up,
    artist_up,
    bayesian_average,
    inherited,
    priors,
)
from engine.evidence import Tally, library_mean
from tests.engine.building import (
    album,
    applied,
    artist,
    given,
    part_of,
    parts_of,
    plans_of,
    tracks,
)
from tests.engine.libraries import (
    BELIEFS,
    CENTS,
    HALVES,
    MEANS,
    libraries,
    libraries_with_twins,
    renumbered,
)

NOISE = 1e-9


def planned(artists, parameters):
    return list(map(given, plans_of(part_of(*artists), parameters)))


def everything(artists):
    """List all items of a library, from the artists down."""
    return [item for above in artists for item in [above, *everything(above.below)]]


def manual_guids(part, level):
    return set(part[level].items.guid[~np.isnan(part[level].ownership.manual)])


@forall(libraries(), BELIEFS, st.randoms(use_true_random=False))
def test_the_order_of_the_items_does_not_matter(artists, parameters, random):
    anew = renumbered(artists, random)

    assert planned(anew, parameters) == planned(artists, parameters)
    means = [library_mean(part_of(*own).tracks) for own in (artists, anew)]
    assert means[0] == means[1]


@forall(libraries(), BELIEFS)
def test_letters_do_not_depend_on_each_other(artists, parameters):
    together = planned(artists, parameters)

    apart = [{} for _ in Phase]
    for part in parts_of(*artists).values():
        for ratings, plan in zip(apart, plans_of(part, parameters), strict=True):
            ratings.update(given(plan))
    assert apart == together


@forall(libraries_with_twins(), BELIEFS)
def test_what_a_person_gave_is_in_no_plan(artists, parameters):
    part = part_of(*artists)

    for plan in plans_of(part, parameters):
        assert not manual_guids(part, plan.phase.level) & set(plan.guid)


@forall(libraries_with_twins(), BELIEFS)
def test_nothing_is_given_two_ratings_in_one_run(artists, parameters):
    names = [
        (plan.phase.level, guid)
        for plan in plans_of(part_of(*artists), parameters)
        for guid in plan.guid
    ]

    assert len(set(names)) == len(names)


@forall(libraries_with_twins(), BELIEFS)
def test_a_second_run_plans_nothing(artists, parameters):
    after = applied(artists, plans_of(part_of(*artists), parameters))

    assert planned(after, parameters) == [{}, {}, {}, {}]
    assert [item.name for item in everything(after) if item.rating is None] == []


@forall(libraries_with_twins(), BELIEFS)
def test_four_phases_one_by_one_do_what_a_run_does(artists, parameters):
    in_one_run = applied(artists, plans_of(part_of(*artists), parameters))

    one_by_one = artists
    for phase in Phase:
        plans = plans_of(part_of(*one_by_one), parameters, [phase])
        one_by_one = applied(one_by_one, plans)
    assert one_by_one == in_one_run


@forall(libraries_with_twins(), st.floats(0, 3))
def test_scaling_inferred_ratings_changes_no_evidence(artists, factor):
    def scaled(item):
        below = tuple(scaled(child) for child in item.below)
        if item.rating is None or item.rating != item.recorded:
            return replace(item, below=below)
        rating = item.rating * factor
        return replace(item, below=below, rating=rating, recorded=rating)

    def upwards(artists):
        part, constants = part_of(*artists), Constants()
        mean = library_mean(part.tracks)
        return [mean], album_up(part, 6.0, constants), artist_up(part, 6.0, constants)

    before, after = upwards(artists), upwards([scaled(item) for item in artists])

    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, other)


@forall(st.sampled_from(CENTS), MEANS, st.floats(0, 1))
def test_gravity_draws_from_the_rating_to_the_mean(rating, mean, gravity):
    def child(gravity):
        column = np.array([rating])
        return inherited(column, column, np.array([0]), mean, gravity)[0]

    assert child(0.0) == rating
    assert child(1.0) == mean
    low, high = sorted([rating, mean])
    assert low - NOISE <= child(gravity) <= high + NOISE


def lies_between(scores, prior, *evidence):
    """Check each score against its prior and (parent, rating) columns beneath it."""
    for row in np.flatnonzero(~np.isnan(scores)):
        beneath = np.concatenate([rating[above == row] for above, rating in evidence])
        bounds = [prior[row], *beneath[~np.isnan(beneath)]]
        assert min(bounds) - NOISE <= scores[row] <= max(bounds) + NOISE


@forall(libraries(), BELIEFS)
def test_albums_and_artists_lie_between_their_prior_and_their_evidence(
    artists, parameters
):
    part = part_of(*artists)
    mean, constants = parameters.mean, parameters.constants
    of_album, of_track = part.albums.items.parent, part.tracks.items.parent
    albums, tracks = part.albums.ownership.manual, part.tracks.ownership.manual

    prior = priors(part.albums.items.critic, mean, constants)
    lies_between(album_up(part, mean, constants), prior, (of_track, tracks))

    prior = priors(part.artists.items.critic, mean, constants)
    beneath = (of_album[of_track], tracks), (of_album, albums)
    lies_between(artist_up(part, mean, constants), prior, *beneath)


@forall(libraries_with_twins(), BELIEFS)
def test_whatever_is_given_is_on_the_scale_in_whole_steps(artists, parameters):
    for plan in plans_of(part_of(*artists), parameters):
        assert ((plan.after >= 0) & (plan.after <= 10)).all()
        np.testing.assert_array_equal(plan.after, np.round(plan.after, 2))


@forall(st.lists(st.sampled_from(HALVES), max_size=5), st.floats(0, 1), MEANS)
def test_a_rating_above_the_score_of_an_album_never_lowers_it(ratings, share, mean):
    def score(*ratings):
        part = part_of(artist("Mirel", album("Dorn", *tracks("d", *ratings))))
        found = album_up(part, mean, Constants())[0]
        return mean if np.isnan(found) else found

    before = score(*ratings)

    assert score(*ratings, before + share * (10 - before)) >= before - NOISE


@forall(st.floats(0, 10), st.floats(0, 1), st.floats(0.1, 10))
def test_more_of_what_is_above_the_prior_never_lowers(prior, share, confidence):
    count, rating = np.arange(20.0), prior + share * (10 - prior)

    scores = bayesian_average(
        np.array([prior]), Tally(count, count * rating), confidence
    )

    assert (np.diff(scores) >= -NOISE).all()
    assert scores[0] == pytest.approx(prior)


@forall(libraries(), BELIEFS, st.data())
def test_liking_one_item_better_lowers_nothing_above(artists, parameters, data):
    liked = [item for item in everything(artists) if item.below == ()]
    assume(liked)
    chosen = data.draw(st.sampled_from(liked))

    def raised(item):
        if item is chosen:  # by a person, whatever is on record
            return replace(item, rating=10.0, recorded=None, intended=None)
        return replace(item, below=tuple(map(raised, item.below)))

    def upwards(artists):
        known = part_of(*artists), parameters.mean, parameters.constants
        return album_up(*known), artist_up(*known)

    after = upwards(map(raised, artists))

    for one, other in zip(upwards(artists), after, strict=True):
        assert not (other < one - NOISE).any()
