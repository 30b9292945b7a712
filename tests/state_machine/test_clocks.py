"""A server whose clock is wrong, or that was restored, makes no rating another's."""

import pytest

from engine.errors import RecordOutdated, ServerRestored
from engine.rating_scale import TOLERANCE, not_half_star
from tasks.commands.recover import recover
from tests.simulator.control import dump
from tests.simulator.items import Item
from tests.simulator.world import OWNER
from tests.state_machine.accounts import TAG, add_track
from tests.state_machine.household import Household
from tests.state_machine.plain_runs import infer_plainly, undo_plainly

DAY = 86_400
JUMPS = {
    "an hour back": -3600,
    "ten years back": -10 * 365 * DAY,
    "a minute forward": 60,
    "ten days forward": 10 * DAY,
    "beyond our time": 10 * 365 * DAY,
}


@pytest.fixture
def story(story: Household) -> Household:
    """A larger library in which everything was inferred."""
    for number in range(20):
        track = add_track(story.named("First"), story.world, f"Number {number}")
        story.person._notice(track)  # noqa: SLF001 (it is a person's, as it is)
    story.operator.do(infer_plainly)
    return story


def ours(story: Household) -> list[Item]:
    """Return the items with a rating of ours that no person can give."""
    rated = [i for i in story.affected_items() if i.guid not in story.person.ratings]
    points = {item: story.person.rating_of(item) or 0.0 for item in rated}
    return [i for i in rated if abs(points[i] - round(points[i])) > TOLERANCE]


def redate(story: Household, items: list[Item], seconds: int) -> None:
    """Let Plex show other dates for the same ratings."""
    for item in items:
        story.world.personal[OWNER, item.guid].last_rated_at += seconds
        story.world.version += 1


@pytest.mark.parametrize("seconds", JUMPS.values(), ids=JUMPS)
def test_who_gives_our_very_value_after_a_jump_of_the_clock_takes_it_over(
    story, seconds
):
    item = story.named("Kick")
    points = story.person.rating_of(item)
    story.person.clock.jump(seconds)
    story.person.rate(item, points)

    story.operator.do(infer_plainly)

    assert item.guid in story.person.ratings
    assert item not in story.affected_items()


def test_ratings_that_were_written_while_the_clock_was_wrong_stay_ours(story):
    story.undo()
    for seconds in (20 * 365 * DAY, -20 * 365 * DAY):
        story.person.clock.jump(seconds)
        story.operator.do(infer_plainly)
        written = story.person.ratings.copy()
        story.person.clock.jump(-seconds)

        assert story.operator.do(infer_plainly) == []
        assert story.person.ratings == written
        undone = story.undo()
        assert (undone.kept, undone.failed) == (0, 0)


@pytest.mark.parametrize("date", [None, 30828 * 365 * DAY, 12, 631_151_999])
def test_a_date_that_is_missing_or_impossible_proves_nothing(story, date):
    item = story.named("Kick")
    mine = story.world.personal[OWNER, item.guid]
    right, mine.last_rated_at = mine.last_rated_at, date

    assert story.operator.do(infer_plainly) == []
    assert item in story.affected_items()
    mine.last_rated_at = right


def test_what_has_an_impossible_date_is_rated_anew_and_taken_back(story):
    items = ours(story)
    for item in items:
        story.world.personal[OWNER, item.guid].last_rated_at = 30828 * 365 * DAY
    for title in ("Loved", "Low"):
        story.rate(story.named(title), 1.0)

    assert story.operator.do(infer_plainly)
    assert story.operator.do(infer_plainly) == []


def test_the_first_date_that_plex_shows_is_remembered(story):
    item = story.named("Kick")
    story.record.forget_dates()

    assert story.operator.do(infer_plainly) == []
    story.person.clock.jump(-DAY)
    story.person.rate(item, story.person.rating_of(item))
    story.operator.do(infer_plainly)

    assert item.guid in story.person.ratings
    assert item not in story.affected_items()


def test_ten_ratings_of_ours_with_earlier_dates_mean_that_plex_was_restored(story):
    items = ours(story)
    redate(story, items, -7 * DAY)
    before = dump(story.world)

    for work in (infer_plainly, undo_plainly):
        with pytest.raises(ServerRestored) as refusal:
            story.operator.do(work)

    assert isinstance(refusal.value, RecordOutdated)
    assert f"{len({i.guid for i in items})} inferred ratings" in str(refusal.value)
    assert "restored from a backup" in str(refusal.value)
    assert "`plexbayes recover`" in str(refusal.value)
    assert dump(story.world) == before
    assert story.operator.look(recover).recovered == len({i.guid for i in items})
    story.operator.do(recover)
    assert story.operator.do(infer_plainly) == []


def test_a_restored_plex_is_noticed_without_tags_too(story):
    items = ours(story)
    for item in items:
        story.world.remove_tags(item, "mood", [TAG])
    redate(story, items, -7 * DAY)

    with pytest.raises(ServerRestored):
        story.operator.do(infer_plainly)
    story.operator.do(recover)
    story.operator.do(infer_plainly)

    assert {item.guid for item in items}.isdisjoint(story.person.ratings)


@pytest.mark.parametrize(
    ("count", "seconds"), [(9, -7 * DAY), (12, 7 * DAY)], ids=["nine", "later"]
)
def test_few_earlier_dates_or_later_ones_are_persons(story, count, seconds):
    items = ours(story)[:count]
    assert len({item.guid for item in items}) == count
    for item in items:
        story.world.remove_tags(item, "mood", [TAG])
    redate(story, items, seconds)

    story.operator.do(infer_plainly)

    for item in items:
        assert not_half_star(story.person.rating_of(item))
        story.person.claim(item.guid)
