"""Writing rests as often as the user says, and as long as the server asks for."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PlexUnreachable
from tasks.machine import Machine
from tasks.plex.edits import Throttle
from tasks.runtime.context import Outside, open_run
from tests.tasks.building import settings_of
from tests.tasks.setup import infer


class Writer:
    """Writes as the writing loop does: rest if due, then send.

    Time passes only where a test says so, or in a rest.
    """

    def __init__(self, batch, longest, mode):
        self.now = 100.0
        self.rests = []
        self.told = []
        self.throttle = Throttle(
            batch,
            longest,
            mode,
            clock=lambda: self.now,
            rest=self.rest,
            tell=self.told.append,
        )

    def rest(self, seconds):
        self.rests.append(seconds)
        self.now += seconds

    def write(self, *requests, level=10):
        """Send requests, each so many items in so many seconds."""
        for items, seconds in requests:
            self.throttle.rest_if_due()
            with self.throttle.timed((level, items), items):
                self.now += seconds
        return self


REQUESTS = st.lists(
    st.tuples(st.integers(1, 100), st.floats(0, 60)), min_size=1, max_size=40
)
BATCHES = st.integers(0, 100)
LONGEST = st.floats(0, 20)
MODES = st.sampled_from(["adaptive", "fixed"])


@pytest.mark.parametrize("mode", ["adaptive", "fixed"])
@pytest.mark.parametrize(("batch", "longest"), [(0, 5), (1, 0)])
def test_a_burst_of_nothing_never_rests(batch, longest, mode):
    writer = Writer(batch, longest, mode).write((100, 1), (100, 50), (100, 1), (100, 9))

    assert writer.rests == []


@pytest.mark.parametrize(
    ("batch", "longest", "seconds", "rests"),
    [
        pytest.param(25, 5, [0.5] * 20, [], id="as quick as ever"),
        pytest.param(25, 5, [20] * 5, [], id="always slow"),
        pytest.param(25, 60, [1, 1.5, 3, 7, 1], [0.5, 2, 6], id="slower and slower"),
        pytest.param(25, 5, [1, 3, *[1] * 11], [2], id="recovered"),
        pytest.param(100, 60, [*[1] * 4, *[2] * 4, 1], [4], id="a burst of several"),
        pytest.param(1, 60, [1, 3, 1, 1], [2], id="resting is not being busy"),
    ],
)
def test_an_adaptive_rest_is_as_long_as_the_server_became_slower(
    batch, longest, seconds, rests
):
    writer = Writer(batch, longest, "adaptive").write(*[(25, s) for s in seconds])

    assert writer.rests == rests


def test_requests_are_compared_with_their_like_only():
    writer = Writer(1, 60, "adaptive")

    writer.write((1, 0.1), (1, 0.1), level=10)
    writer.write((100, 4.0), (100, 4.0), level=10)
    writer.write((1, 2.0), (1, 2.0), level=8)

    assert writer.rests == []


def test_a_failed_request_is_no_part_of_a_burst():
    writer = Writer(1, 5, "fixed")

    with (
        pytest.raises(PlexUnreachable, match="gone"),
        writer.throttle.timed(10, items=1),
    ):
        raise PlexUnreachable("gone")

    assert writer.write((1, 1)).rests == []


def test_it_is_said_once_why_there_are_rests_and_once_that_they_are_over():
    writer = Writer(25, 5, "adaptive")

    writer.write(*[(25, seconds) for seconds in (1, 1.4, 3, 9, 4, 1.1, 1, 1)])

    assert writer.told == [
        (
            "Plex took 3.0 s for what it did in 1.0 s before, so writing slows down: "
            "pauses of 2.0 s now, never more than 5 s."
        ),
        "Plex is as quick as before: back to full speed.",
    ]


@pytest.mark.parametrize(
    ("longest", "mode", "seconds"),
    [
        pytest.param(5, "adaptive", [0.01, 0.4, 0.01], id="small delays"),
        pytest.param(5, "fixed", [1, 9, 9, 1, 1], id="always the same"),
        pytest.param(0, "adaptive", [1, 9, 9, 1, 1], id="never any"),
    ],
)
def test_where_rests_are_no_news_nothing_is_said(longest, mode, seconds):
    writer = Writer(25, longest, mode).write(*[(25, s) for s in seconds])

    assert writer.told == []


def test_a_plex_that_slows_down_gets_rests_until_it_recovers(plex, record):
    titles = [f"Slow {number}" for number in range(20)]
    keys = plex.add("Slow", "Slower", titles)["tracks"]
    settings = settings_of(
        plex, state_url=f"sqlite:///{record}", cooldown_batch=1, cooldown_sleep=0.3
    )
    notes = []

    def clock():
        """Let every write take 0.1 s, and the fifth and the sixth 0.7 s more."""
        writes = plex.counts()["writes"]
        return 0.1 * writes + 0.7 * min(max(writes - 4, 0), 2)

    with open_run(
        settings, "run 1", live=True, outside=Outside(machine=Machine(elapsed=clock))
    ) as context:
        context.watch = lambda step: notes.append(step.note)
        result = infer(context, dict.fromkeys(keys, 7.33))

    assert result.written == len(keys)
    assert context.throttle.rested == pytest.approx(0.6)
    started, over = filter(None, notes)
    assert started.endswith("slows down: pauses of 0.3 s now, never more than 0.3 s.")
    assert over == "Plex is as quick as before: back to full speed."


@given(REQUESTS, BATCHES, LONGEST, MODES)
def test_no_rest_exceeds_the_longest_and_all_are_counted(
    requests, batch, longest, mode
):
    writer = Writer(batch, longest, mode).write(*requests)

    assert all(0 < seconds <= longest for seconds in writer.rests)
    assert writer.throttle.rested == pytest.approx(sum(writer.rests))


@given(REQUESTS, st.integers(1, 100), st.floats(0.1, 20))
def test_adaptive_rests_never_sum_to_more_than_fixed_ones(requests, batch, longest):
    adaptive, fixed = (
        Writer(batch, longest, mode).write(*requests) for mode in ("adaptive", "fixed")
    )

    assert sum(adaptive.rests) <= sum(fixed.rests)


@given(st.lists(st.integers(1, 100), min_size=1), st.integers(1, 100))
def test_a_fixed_rest_comes_as_soon_as_a_burst_is_full(sizes, batch):
    writer = Writer(batch, 1, "fixed").write(*[(size, 0.0) for size in sizes])

    full = itertools.accumulate(
        sizes[:-1], lambda items, more: more if items >= batch else items + more
    )
    assert writer.rests == [1] * sum(items >= batch for items in full)
