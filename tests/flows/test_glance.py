"""A daily run of a library in which nothing happens asks for a few counts, no more."""

import time

from tasks.glancing import SETTLED
from tests.flows.expecting import CLASSIC, model
from tests.flows.listener import Listener, ratings
from tests.simulator.process import Simulator


def test_a_library_in_which_nothing_happens_is_not_read_again(
    plex: Simulator, listener: Listener
) -> None:
    before = ratings(plex.dump())
    first = listener.run("infer")
    time.sleep(SETTLED + 1.5)
    second = listener.run("infer")
    plex.clear_log()
    third = listener.run("infer")
    asked = plex.counts()
    rehearsed = listener.run("infer", "--dry-run")
    track = next(t for t in plex.dump()["tracks"] if t["ratingKey"] not in before)
    plex.rate(track["ratingKey"], 10.0)
    fourth = listener.run("infer")
    undone = listener.run("undo", "--yes")

    runs = (first, second, third, rehearsed, fourth, undone)
    assert [ran.status for ran in runs] == [0] * len(runs)
    assert (second.summary["planned"], second.summary["unchanged_since"]) == (0, None)
    assert third.summary["unchanged_since"] is not None
    assert third.summary["tracks"] == second.summary["tracks"]
    assert "nothing has changed since" in third.out
    plays = 0 if model() == CLASSIC else 3
    assert (asked["writes"], asked["reads"]) == (0, 18 + plays)
    assert rehearsed.summary["unchanged_since"] is None
    assert fourth.summary["taken_over"] == 1
    assert ratings(plex.dump()) == before | {track["ratingKey"]: 10.0}
