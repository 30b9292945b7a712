"""A household as a state machine: what persons do to a library, and runs between."""

import sys
from functools import partial
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from engine.errors import RecordLost
from engine.partition import letter_of
from engine.planning.undo_plan import Undone
from engine.rating_scale import TOLERANCE
from tasks.commands.recover import recover
from tasks.commands.verify import verify
from tests.simulator.items import Item, Kind
from tests.state_machine.plain_runs import Died, Planned, infer_plainly, undo_plainly
from tests.state_machine.user_actions import ANY, GIVEN, Doings

TURNS = st.integers(0, 12)
"""Which of a run's writes."""

UNKNOWN = st.sampled_from(["reset_before", "reset_after"])
"""How a write ends of which nobody hears again."""

MEANWHILE = st.sampled_from(["clear", "delete", "rekey"])
"""What else a person may do while a run writes."""

LONG = 4000.0
"""Seconds after which nobody expects a write to arrive."""


class Household(Doings):
    """All that runs may do, in between what a person does."""

    def __init__(self) -> None:
        super().__init__()
        self.is_lost = False
        self.has_waited = False

    @rule(rehearsed=st.booleans())
    def infer_all(self, *, rehearsed: bool) -> None:
        rehearsed = rehearsed and not self.is_refused()
        expected = self.operator.look(infer_plainly) if rehearsed else None
        planned = self.infer()
        if planned is None:
            return
        self.taken.clear()
        for item in self.person.items:
            assert self.person.rating_of(item) is not None
        assert not rehearsed or planned == expected
        audit = self.operator.look(verify)
        for name, finding in audit.findings.items():
            assert not finding.count or name in {"gone", "untagged"}, name

    @rule(phases=st.sampled_from(["1-4", "1", "2", "3", "4", "1-2", "3-4"]), which=ANY)
    def infer_some(self, *, phases: str, which: int) -> None:
        artist = self.pick(which).related(Kind.ARTIST)[0]
        letter = letter_of(artist.title_sort or artist.title) if which % 2 else ""
        self.infer(phases=phases, letters=letter)

    @rule(which=ANY, turn=TURNS, what=st.one_of(GIVEN, MEANWHILE))
    def disturb_a_run(self, *, which: int, turn: int, what: float | str) -> None:
        item = self.pick(which)

        def act() -> None:
            self.person.clock.tick()
            if what == "clear":
                self.person.clear(item)
            elif what == "delete":
                self.person.delete(item)
            elif what == "rekey":
                self.file_anew(item, rescanned=False)
            else:
                self.rate(item, what)

        self.infer(turn, act)

    @rule(turn=TURNS, fault=UNKNOWN)
    def infer_with_a_retry(self, *, turn: int, fault: str) -> None:
        self.operator.spoil(turn, fault, times=1)
        self.infer(retries=1)

    @rule(turn=TURNS, fault=st.one_of(UNKNOWN, st.none()))
    def kill(self, *, turn: int, fault: str | None) -> None:
        def die() -> None:
            raise Died

        if fault is None:
            self.infer(turn, die)
        else:
            self.operator.spoil(turn, fault)
            self.infer()

    @rule(turn=TURNS, fault=UNKNOWN)
    def kill_an_undo(self, *, turn: int, fault: str) -> None:
        self.operator.spoil(turn, fault)
        self.undo()

    @rule()
    def wait_long(self) -> None:
        self.record.age(LONG)
        self.has_waited = True

    @rule()
    def verify_only(self) -> None:
        self.operator.look(verify)

    @rule(rehearsed=st.booleans())
    def undo_all(self, *, rehearsed: bool) -> None:
        # A live run first gives up intents that are too old, a rehearsal cannot.
        if not rehearsed or self.has_waited:
            self.undo()
            return
        expected = self.operator.look(undo_plainly)
        undone = self.undo()
        for name in ("undone", "kept", "gone", "swept", "untagged"):
            assert getattr(undone, name) == getattr(expected, name), name

    def undo(self) -> Undone | None:
        """Undo everything; return the report if that came to an end."""
        strangers = {
            item: self.person.rating_of(item)
            for item in self.affected_items()
            if not self.person.record_of(item)
        }
        undone = self.operator.do(undo_plainly)
        for item in strangers.keys() - set(self.affected_items()):
            # Nothing but the tag says whose rating this was. Persons rate in half
            # stars; any other value was ours.
            points = strangers[item]
            if points is None or abs(points - round(points)) > TOLERANCE:
                assert self.person.rating_of(item) is None
                self.person.forget(item.guid)
            else:
                assert self.person.rating_of(item) == points
                self.person.claim(item.guid)
        if undone is None:
            return None
        self.check_undone()
        assert undone.failed == 0
        return undone

    @rule(which=ANY)
    def undo_an_artist(self, which: int) -> None:
        (artist,) = self.pick(which).related(Kind.ARTIST)
        below = [item for kind in Kind for item in artist.related(kind)]
        elsewhere = {item.guid for item in self.person.items if item not in below}
        bore_our_tag = set(self.affected_items())
        known = list(filter(self.person.has_confirmed, below))
        self.operator.do(partial(undo_plainly, artist=artist.title))
        for item in [] if self.is_lost else below:
            # A rating that other artists share is not this one's alone to lose.
            if item.guid in elsewhere:
                assert (item in bore_our_tag) == (item in self.affected_items())
            elif item in known and item.guid not in self.person.ratings:
                assert self.person.rating_of(item) is None
                assert item not in self.affected_items() or item in self.stuck

    @rule()
    def lose_the_record(self) -> None:
        self.record.lose()
        self.is_lost = True

    @rule()
    def recover_it(self) -> None:
        for item in self.affected_items():
            # A person may have changed a rating that bears our tag. Without the
            # record nobody can tell.
            if not self.person.record_of(item):
                self.person.forget(item.guid)
        self.operator.do(recover)
        self.is_lost = self.is_refused()

    @invariant()
    def what_a_person_did_stays(self) -> None:
        if self.is_lost:
            # Our ratings that lost their tag before pass for a person's now.
            self.person.claim_untagged(self.affected_items())
            self.is_lost = self.is_refused()
        self.person.check()
        for item in self.affected_items():
            assert (
                item.guid not in self.person.ratings
                or item.guid in self.taken
                or item in self.stuck
                or self.is_adrift(item)
            )

    def teardown(self) -> None:
        if not hasattr(self, "home"):
            return
        with self.home:
            if sys.exception() is None:
                self.undo()
                self.person.check()

    def check_undone(self) -> None:
        """Make sure that all is as the person made it, and the record empty."""
        for item in self.person.items:
            assert (self.person.rating_of(item) is None) == (
                item.guid not in self.person.ratings
            )
        assert set(self.affected_items()) <= self.stuck
        here = {(item.kind, item.guid) for item in self.person.items}
        assert not {(e.level, e.guid) for e in self.record.entries()} & here
        assert not {mark[:2] for mark in self.record.marks()} & here

    def is_adrift(self, item: Item) -> bool:
        """Whether only a note of how it was before us is left of an item.

        So it is after a write that was never acknowledged, but arrived, was
        cleared by a person, and then passed for one that never came.
        """
        mark = (item.kind, item.guid, item.key)
        return not self.person.record_of(item) and mark in self.record.marks()

    def is_refused(self) -> bool:
        """Whether guesses could pass for ratings: they bear tags, and no record."""
        ratings = map(self.person.rating_of, self.affected_items())
        if all(one is None for one in ratings):
            return False
        return not (self.record.entries() or self.record.in_doubt())

    def infer(self, *at: Any, **wishes: Any) -> Planned | None:
        """Infer; return what was planned, or nothing if it did not come to an end."""
        if not self.is_refused():
            return self.operator.do(partial(infer_plainly, **wishes), *at)
        adrift = set(filter(self.is_adrift, self.affected_items()))
        assert self.is_lost or set(self.affected_items()) <= self.stuck | adrift
        with pytest.raises(RecordLost):
            self.operator.do(infer_plainly)
        return None


class LearningHousehold(Household):
    """The same, with runs that learn from the ratings that there are."""

    model = "hierarchical"
