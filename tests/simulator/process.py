"""Runs the simulator as a process of its own, for tests."""

import json
import signal
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from tests.simulator.control import Control
from tests.simulator.server import PREFIX
from tests.warm import WarmProcess

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds that a control call or the end of the process may take."""

_opener = build_opener(ProxyHandler({}))


class Simulator:
    """A running simulator; a context manager that ends it.

    It also has all methods of `Control`, which the other process carries out.
    """

    def __init__(self, process: WarmProcess, facts: dict[str, Any]) -> None:
        self._process = process
        self.facts = facts
        """What it said when it started."""
        self.url: str = facts["url"]
        self.token: str = facts["token"]
        self.shared_token: str = facts["shared_token"]
        """Of an account that is not the owner."""

    @classmethod
    def start(cls, **options: Any) -> Self:
        """Start a simulator and wait until it serves.

        Args:
            options: Those of the command line, with underscores: `latency` may be
                a dict. The library comes from `library`, a CSV file, or it is made
                up (`synthetic` tracks from a `seed`), or it is what a killed
                simulator kept (`restore`).

        Raises:
            RuntimeError: It did not start.
        """
        words = ["--attached"]
        for name, value in options.items():
            if isinstance(value, Path):
                value = value.resolve()  # noqa: PLW2901 (it starts in the repository)
            text = json.dumps(value) if isinstance(value, dict) else str(value)
            words += [f"--{name.replace('_', '-')}", text]
        process = WarmProcess("tests.simulator", words, REPOSITORY)
        line = process.first_line(PATIENCE)
        if not line:
            _, error = process.communicate(PATIENCE)
            raise RuntimeError(
                f"the simulator ended with {process.returncode}: {error}"
            )
        return cls(process, json.loads(line))

    def __enter__(self) -> Self:
        """Return itself, already running."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it in good order."""
        self.stop()

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._end(signal.SIGKILL)

    def die(self, keep: Path) -> None:
        """Kill it, but keep its library in a file, to be started with `restore`."""
        with suppress(OSError, HTTPException):
            self._order("die", str(keep))
        self._end(signal.SIGKILL)

    def come_back(self, kept: Path) -> Self:
        """Start again at the same address with what was kept."""
        port = self.url.rpartition(":")[2]
        return type(self).start(restore=kept, port=port)

    def rekey(self, keys: list[int], **how: bool) -> dict[int, int]:
        """Give items new ratingKeys; return old → new."""
        pairs = self._order("rekey", keys, **how)
        return {int(old): new for old, new in pairs.items()}  # JSON's keys are texts

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what has a method of `Control` carried out."""
        if name.startswith("_") or not hasattr(Control, name):
            raise AttributeError(name)
        return partial(self._order, name)

    def _order(self, order: str, *values: Any, **named: Any) -> Any:
        body = json.dumps([values, named]).encode()
        request = Request(self.url + PREFIX + order, body)  # noqa: S310 - always http
        with _opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def _end(self, signum: int) -> None:
        self._process.send_signal(signum)
        self._process.wait(PATIENCE)
        self._process.close()
