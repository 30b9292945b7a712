"""Without a terminal a run tells a line a letter and phase, however they alternate."""

from flows.progress_bar import Watching
from tasks.runtime.context import Step


def test_letters_that_share_requests_are_told_once(capsys):
    with Watching() as watching:
        for letter in "ABAB":
            watching(Step(letter, "1 album-up", 1))
        watching(Step("A", "4 track-down", 1))

    assert capsys.readouterr().err.splitlines() == [
        "A · 1 album-up",
        "B · 1 album-up",
        "A · 4 track-down",
    ]
