"""A record restored from an old copy lets no guess pass for a person's rating."""

import shutil
from pathlib import Path

import pytest

from engine.errors import RecordOutdated
from engine.library import Level
from tasks.commands.recover import recover
from tasks.record.backups import newest_backup
from tests.simulator.control import dump
from tests.simulator.items import Item
from tests.state_machine.accounts import TAG
from tests.state_machine.household import Household
from tests.state_machine.plain_runs import infer_plainly, undo_plainly


def infer_and_copy(story: Household) -> Path:
    story.operator.do(infer_plainly)
    copy = story.record.path.with_name("last month")
    shutil.copy(story.record.path, copy)
    story.person.clock.tick()
    return copy


def restore(story: Household, copy: Path) -> None:
    story.record.lose()
    shutil.copy(copy, story.record.path)


def change_taste(story: Household) -> None:
    """Let a person rate so differently that nearly every guess moves."""
    for title in ("Kick", "Take 5", "Low", "Loved"):
        story.rate(story.named(title), 1.0)


def refused(story: Household, work: object) -> str:
    before = dump(story.world)
    with pytest.raises(RecordOutdated) as refusal:
        story.operator.do(work)
    assert dump(story.world) == before
    return str(refusal.value)


def add_album(story: Household) -> Item:
    story.person.add("Abel", "Third", "One more")
    return story.person.items[-1]


def undo_all(story: Household) -> None:
    story.undo()
    story.person.clock.tick()


@pytest.mark.parametrize("act", [add_album, change_taste, undo_all])
def test_ratings_that_an_old_copy_knows_otherwise_stop_a_run(story, act):
    copy = infer_and_copy(story)
    item = act(story)
    story.operator.do(infer_plainly)
    restore(story, copy)

    sentence = refused(story, infer_plainly)

    assert "not as the state database says" in sentence
    assert "old copy" in sentence
    assert "`plexbayes recover`" in sentence
    if item:
        assert f"track {item.title!r} ({item.key})" in sentence
    else:
        assert refused(story, undo_plainly) == sentence
    with pytest.raises(RecordOutdated):
        story.operator.look(infer_plainly)
    story.operator.do(recover)
    assert story.operator.do(infer_plainly) == []


def test_our_own_copy_from_before_the_last_run_is_an_old_one(story):
    infer_and_copy(story)
    change_taste(story)
    story.operator.do(infer_plainly)
    copy = newest_backup(str(story.record.path))
    kept = shutil.copy(copy, copy.with_name("kept"))
    restore(story, kept)

    refused(story, infer_plainly)

    story.operator.do(recover)


def test_an_undo_needs_no_record_of_what_it_sweeps_up(story):
    copy = infer_and_copy(story)
    add_album(story)
    story.operator.do(infer_plainly)
    restore(story, copy)

    undone = story.undo()

    assert undone.swept


def test_what_another_program_rated_and_tagged_may_be_kept_by_taking_the_tag_off(story):
    infer_and_copy(story)
    item = story.named("Kick")
    story.operator.do(infer_plainly)
    theirs = add_album(story)
    story.person.rate(theirs, 6.7)
    story.person.tag(theirs, TAG, lock=False)

    assert f"({theirs.key}) with 3.35 stars" in refused(story, infer_plainly)

    story.world.remove_tags(theirs, "mood", [TAG])
    story.operator.do(infer_plainly)
    assert story.person.rating_of(theirs) == 6.7
    assert story.person.rating_of(item) is not None


def test_a_few_odd_ratings_of_another_program_stop_nobody(story):
    infer_and_copy(story)
    for title in ("Kick", "Take 5"):
        item = story.named(title)
        story.rate(item, 6.7)

    story.operator.do(infer_plainly)

    assert story.person.rating_of(item) == 6.7
    assert TAG not in item.tags.get("mood", [])


def test_where_all_ratings_are_half_stars_or_ours_no_request_is_made(story):
    story.operator.do(infer_plainly)

    planned, reads = story.operator.look(
        lambda context: (infer_plainly(context), context.gateway.reads)
    )

    assert planned == []
    assert reads == len(["server", "sections", "accounts", *Level])
