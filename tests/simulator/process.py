"""Runs the simulator as a process of its own, for tests."""

import json
import signal
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from tests.warm import WarmProcess

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 60.0
"""Seconds that a control call or the end of the process may take."""
Json = dict[str, Any]

_opener = build_opener(ProxyHandler({}))


class Simulator:
    """A running simulator; a context manager that ends it."""

    def __init__(self, process: WarmProcess, facts: Json) -> None:
        self._process = process
        self.facts = facts
        """What it said when it started."""
        self.url: str = facts["url"]
        self.token: str = facts["token"]
        self.shared_token: str = facts["shared_token"]
        """Of an account that is not the owner."""

    @classmethod
    def start(
        cls,
        *,
        library: Path | str | None = None,
        synthetic: int | None = None,
        seed: int = 1,
        **options: Any,
    ) -> Self:
        """Start a simulator and wait until it serves.

        Args:
            library: A CSV file; or else
            synthetic: how many tracks to make up,
            seed: from which beginning.
            options: Those of the command line, with underscores: `latency` may
                be a dict, `faults` a list, a flag is `True`. `restore`, which is
                what a killed simulator kept, replaces the library.

        Raises:
            RuntimeError: It did not start.
        """
        if "restore" not in options:
            options |= {"library": library, "synthetic": synthetic, "seed": seed}
        words = ["--attached"]
        for name, value in options.items():
            words += _argument(name.replace("_", "-"), value)
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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it in good order."""
        self.stop()

    def stop(self) -> None:
        """End it in good order."""
        self._process.send_signal(signal.SIGTERM)
        self._bury()

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        self._process.send_signal(signal.SIGKILL)
        self._bury()

    def die(self, keep: Path) -> None:
        """Kill it, but keep its library in a file, to be started with `restore`."""
        with suppress(OSError, HTTPException):
            self._order("POST", "die", {"path": str(keep)})
        self._bury()

    def come_back(self, kept: Path) -> Self:
        """Start again at the same address with what was kept."""
        port = self.url.rpartition(":")[2]
        return type(self).start(restore=kept, port=port)

    def dump(self) -> Json:
        """Return the whole state, with what no client is told."""
        return self._order("GET", "dump")

    def log(self) -> list[Json]:
        """Return the requests since the log was cleared."""
        return self._order("GET", "log")

    def clear_log(self) -> None:
        """Forget the requests, and so the counts."""
        self._order("DELETE", "log")

    def counts(self) -> dict[str, int]:
        """Return how many reads, writes and items written are in the log."""
        return self._order("GET", "counts")

    def journal(self) -> list[Json]:
        """Return every change of state since the start."""
        return self._order("GET", "journal")

    def rate(self, key: int, points: float | None) -> None:
        """Let the user rate an item, or take the rating back with None."""
        self._order("POST", "rate", {"ratingKey": key, "rating": points})

    def mood(
        self,
        key: int,
        *,
        add: str | None = None,
        remove: str | None = None,
        lock: bool = True,
    ) -> None:
        """Let the user edit moods, which locks them as the web app does."""
        order = {"ratingKey": key, "add": add, "remove": remove, "lock": lock}
        self._order("POST", "mood", order)

    def set_attributes(self, key: int, **attributes: str | None) -> None:
        """Send these attributes of an item instead of its own; none: its own again.

        The text is XML source, sent as it is (`userRating="7,5"`, `title="A&#4;B"`);
        None leaves the attribute out. Once somebody rates the item anew, its
        `userRating` and `lastRatedAt` are its own again.
        """
        order = {"ratingKey": key, "attributes": attributes}
        self._order("POST", "attributes", order)

    def hide(self, key: int) -> None:
        """Leave an item out of all listings, as stray tracks' albums are."""
        self._order("POST", "listed", {"ratingKey": key, "listed": False})

    def show(self, key: int) -> None:
        """List an item again."""
        self._order("POST", "listed", {"ratingKey": key, "listed": True})

    def rekey(self, keys: list[int], *, rescan: bool = False) -> dict[int, int]:
        """Give items new ratingKeys; return old → new."""
        order = {"ratingKeys": keys, "rescan": rescan}
        pairs = self._order("POST", "rekey", order)["ratingKeys"]
        return {int(old): new for old, new in pairs.items()}

    def delete(self, keys: list[int]) -> None:
        """Delete items with all below them."""
        self._order("POST", "delete", {"ratingKeys": keys})

    def add(self, artist: str, album: str, tracks: list[str | Json]) -> Json:
        """Add tracks to an album, made if need be; return the ratingKeys."""
        order = {"artist": artist, "album": album, "tracks": tracks}
        return self._order("POST", "add", order)

    def faults(self, rules: list[Json]) -> None:
        """Replace what goes wrong."""
        self._order("POST", "faults", rules)

    def faults_met(self) -> list[Json]:
        """Return what goes wrong now, and how often each rule was met."""
        return self._order("GET", "faults")

    def set_clock(self, ahead: float) -> None:
        """Let the server's clock be wrong, by seconds; it keeps no other time."""
        self._order("POST", "clock", {"ahead": ahead})

    def restart(self, seconds: float) -> None:
        """Let the server be away for a while."""
        self._order("POST", "restart", {"seconds": seconds})

    def scan(self, seconds: float) -> None:
        """Let the server scan its library for a while."""
        self._order("POST", "scan", {"seconds": seconds})

    def _order(self, method: str, path: str, order: object = None) -> Any:
        url = f"{self.url}/__simulator__/{path}"
        body = None if order is None else json.dumps(order).encode()
        request = Request(url, body, method=method)  # noqa: S310 - always http
        with _opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def _bury(self) -> None:
        self._process.wait(PATIENCE)
        self._process.close()


def _argument(name: str, value: object) -> list[str]:
    if value is None or value is False:
        return []
    if value is True:
        return [f"--{name}"]
    if name == "latency" and isinstance(value, dict):
        value = ",".join(f"{key}={number}" for key, number in value.items())
    if name == "library":
        value = Path(str(value)).resolve()  # the process starts in the repository
    if name == "faults" and not isinstance(value, str):
        value = json.dumps(value)
    return [f"--{name}", str(value)]
