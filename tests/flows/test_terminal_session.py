"""How a command shows its progress without a terminal, and hears signals on Windows."""

import signal
import time

from flows.terminal_session import Watching, _Listener
from tasks.runtime import progress
from tasks.runtime.cancellation import CancellationToken
from tasks.runtime.context import Step
from tests.flows.catching import await_true


def test_letters_that_share_requests_are_told_once(capsys):
    with Watching().shown() as watching:
        for letter in "ABAB":
            watching(Step(letter, "1 album-up", 1))
        watching(Step("A", "4 track-down", 1))

    assert capsys.readouterr().err.splitlines() == [
        "A · 1 album-up",
        "B · 1 album-up",
        "A · 4 track-down",
    ]


def test_a_letter_that_takes_long_is_counted_every_few_seconds(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PROGRESS_INTERVAL", 0.1)
    told: list[str] = []

    def has_told(lines: int) -> bool:
        told.extend(capsys.readouterr().err.splitlines())
        return len(told) == lines

    with Watching().shown() as watching:
        watching(Step(total=900))
        time.sleep(0.3)
        for lines in (2, 3):
            watching(Step("A", "4 track-down", 300))
            await_true(lambda lines=lines: has_told(lines))
        time.sleep(0.3)

    assert has_told(3)
    assert told == [
        "A · 4 track-down",
        "A · 4 track-down: 300 of 900 (33 %)",
        "A · 4 track-down: 600 of 900 (66 %)",
    ]


def test_the_handler_passes_a_signal_on():
    listener = _Listener(CancellationToken(), Watching(), platform="nt")

    with listener._inbox as inbox, listener._outbox:  # noqa: SLF001
        listener._handle(signal.SIGINT, None)  # noqa: SLF001

        assert inbox.recv(1) == bytes([signal.SIGINT])
