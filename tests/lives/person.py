"""A person who uses Plex while something runs, and what else happens there."""

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from tests.lives.invariants import Witness
from tests.lives.plan import DAY, JUMPS, Act, Life, chosen
from tests.simulator.items import Item, Kind
from tests.simulator.world import OWNER, Clock, World
from tests.state_machine.accounts import TAG, add_track, small_world

FEWEST = 12
"""Items of which a library has to consist."""
AMBIGUOUS = 0.05
"""Points by which a person's rating differs from all that we ever wrote there:
nobody could tell the same value apart, and nothing is asked of such a case."""
ODDITIES: tuple[dict[str, str | None], ...] = (
    {},  # it is not listed
    {"parentRatingKey": None, "grandparentRatingKey": None},
    {"parentRatingKey": "999999"},
    {"userRating": "-1"},
    {"userRating": "10.2"},
    {"userRating": "nan"},
    {"index": "A1"},
    {"index": str(2**64 - 1)},
    {"lastRatedAt": "yesterday"},
)
"""What a server may send of an item instead of what it should."""


def world_of(life: Life, clock: Clock, account: int) -> World:
    """Make the library of a life, rated by the account that it is about."""
    world = small_world(keeps_date=life.keeps_date)
    world.clock = clock
    for item in list(world.items()) if account != OWNER else ():
        own = world.personal_of(OWNER, item)
        if own.rating is not None:
            world.rate(item, own.rating, account, own.last_rated_at or 0)
    return world


class Person:
    """Carries out acts, and lets the witness know."""

    def __init__(
        self, world: World, witness: Witness, account: int, record: Path
    ) -> None:
        self._world = world
        self._witness = witness
        self._account = account
        self._record = record
        self.done = 0
        """Things that were done."""
        self._acts: dict[str, Callable[[Item, float], None]] = {
            "rate": self._rate,
            "give the same": self._give_the_same,
            "clear": lambda item, _: world.rate(item, None, account),
            "tag": self._tag,
            "untag": self._untag,
            "lock": self._lock,
            "rekey": lambda item, _: self._rekey(item),
            "delete": lambda item, _: self._delete(item),
            "add": self._add,
            "merge": self._merge,
            "clock": self._set_clock,
            "odd": self._make_odd,
        }

    def do(self, act: Act) -> None:
        """Do one thing, a second after whatever was before."""
        self._world.clock.tick()  # type: ignore[attr-defined]
        items = list(self._world.items())
        with self._witness.watching():
            self._acts[act.what](items[act.which % len(items)], act.value)
        self.done += 1

    def make_readable(self) -> None:
        """Let all ratings be sent as they are; other oddities stay."""
        for item in self._world.items():
            item.make_rating_readable()
        self._world.version += 1

    def _rate(self, item: Item, value: float) -> None:
        points = float(int(value * 11))
        ours = self._witness.ever_ours(item.guid)
        if all(abs(points - own) > AMBIGUOUS for own in ours):
            self._world.rate(item, points, self._account)

    def _give_the_same(self, item: Item, _: float) -> None:
        """Give what stands there, if only the date can tell that it was a person.

        It is the first such item, counted from the given one.
        """
        if not -2 * DAY < self._world.clock.ahead < DAY / 2:
            return  # a date that cannot be meant tells nothing
        items = list(self._world.items())
        start = items.index(item)
        now, known = int(self._world.clock()), self._confirmed()
        for one in (*items[start:], *items[:start]):
            mine = self._world.personal_of(self._account, one)
            is_ours = self._witness.is_ours(one.guid)
            is_known = known.get((int(one.kind), one.guid)) == mine.last_rated_at
            if mine.rating is not None and is_ours and is_known:
                if mine.last_rated_at not in {None, now}:
                    self._world.rate(one, mine.rating, self._account)
                return

    def _confirmed(self) -> dict[tuple[int, str], int]:
        """Return the dates that the record knows, where it expects no others."""
        if not self._record.exists():
            return {}
        with (
            closing(sqlite3.connect(self._record)) as record,
            suppress(sqlite3.OperationalError),  # there is no table yet
        ):
            dates = record.execute("select level, guid, seen_at from shadow").fetchall()
            open_ = record.execute("select level, guid from intent").fetchall()
            return {(level, guid): at for level, guid, at in dates} | dict.fromkeys(
                open_, -1
            )
        return {}

    def _tag(self, item: Item, _: float) -> None:
        self._world.add_tags(item, "mood", ["Sunday"])

    def _untag(self, item: Item, _: float) -> None:
        self._world.remove_tags(item, "mood", [TAG])
        self._witness.untagged.add(item.guid)

    def _lock(self, item: Item, value: float) -> None:
        name = str(chosen(["mood", "userRating"], value))
        self._world.set_lock(item, name, locked=value * 10 % 1 < 1 / 2)

    def _rekey(self, item: Item) -> None:
        self._world.rekey(item, rescanned=item.is_local)

    def _delete(self, item: Item) -> None:
        if item.kind == Kind.TRACK and len(list(self._world.items())) > FEWEST:
            self._world.delete(item)

    def _add(self, item: Item, value: float) -> None:
        album = item.related(Kind.ALBUM)[0]
        add_track(album, self._world, f"New {int(value * 10**6)}")

    def _merge(self, item: Item, value: float) -> None:
        gone = item.related(Kind.ALBUM)[0]
        others = [a for a in self._world.views[Kind.ALBUM].values() if a is not gone]
        if len(others) > 1:
            self._world.merge(gone, others[int(value * len(others))])

    def _set_clock(self, _: Item, value: float) -> None:
        clock = self._world.clock
        # Set right again as often as wrong.
        wrong = clock.ahead if abs(clock.ahead) > DAY / 2 else 0.0
        clock.jump(-wrong or JUMPS[int(value * len(JUMPS))])

    def _make_odd(self, item: Item, value: float) -> None:
        attributes = ODDITIES[int(value * len(ODDITIES))]
        if attributes:
            item.odd_attributes = dict(attributes)
        else:
            item.is_hidden = True
        self._world.version += 1
