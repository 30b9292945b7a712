"""Where the system has no wake-up for signals, their handler passes them on."""

import signal

from flows.terminal_session import Watching, _Listener
from tasks.runtime.cancellation import CancellationToken


def test_the_handler_passes_a_signal_on() -> None:
    listener = _Listener(CancellationToken(), Watching(), platform="nt")

    with listener._inbox as inbox, listener._outbox:  # noqa: SLF001
        listener._handle(signal.SIGINT, None)  # noqa: SLF001

        assert inbox.recv(1) == bytes([signal.SIGINT])
