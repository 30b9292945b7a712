"""Listening to Plex's webhook: which letters do new ratings concern?"""

import threading
from collections.abc import Callable, Iterable

import numpy as np

from engine.batches import MOST_IDS
from engine.errors import PlexbayesError
from engine.library import Level
from engine.partition import in_order, letter_of
from engine.points import same
from tasks.notices import Notice
from tasks.settings import Settings
from tasks.shadow.store import ShadowStore
from tasks.workbench import Workbench, workbench


class Listener:
    """Collects notices, and acts on all of them once nobody has rated for a while."""

    def __init__(
        self,
        quiet: float,
        act: Callable[[list[Notice]], None],
        say: Callable[[str], None],
    ) -> None:
        """Begin with nothing heard.

        Args:
            quiet: Seconds without a notice after which to act.
            act: What to do with the notices, the last of each item. If it
                fails, they are kept, and it is tried again after a while.
            say: Told what went wrong.
        """
        self._quiet = quiet
        self._act = act
        self._say = say
        self._heard: dict[tuple[Level, str], Notice] = {}
        self._lock = threading.Lock()
        self._timer = threading.Timer(0, lambda: None)

    def hear(self, notice: Notice) -> None:
        """Note a rating, and wait for quiet anew."""
        if notice.points is None or not notice.is_owner:
            return
        with self._lock:
            self._heard[notice.level, notice.guid] = notice
            self._wait()

    def stop(self) -> None:
        """Forget what was heard."""
        with self._lock:
            self._timer.cancel()
            self._heard.clear()

    def _wait(self) -> None:
        self._timer.cancel()
        self._timer = threading.Timer(self._quiet, self._after_quiet)
        self._timer.daemon = True
        self._timer.start()

    def _after_quiet(self) -> None:
        with self._lock:
            heard, self._heard = self._heard, {}
        try:
            self._act(list(heard.values()))
        except PlexbayesError as fault:
            self._say(f"New ratings wait, because: {fault}")
            with self._lock:
                self._heard = heard | self._heard
                self._wait()


def letters_of(settings: Settings, notices: Iterable[Notice]) -> list[str]:
    """Return the letters under which ratings are news to our library.

    Ratings of other servers and libraries are not, nor are the echoes of what
    we wrote ourselves.

    Raises:
        PlexbayesError: Plex or the record could not be asked.
    """
    with workbench(settings, "", live=False) as bench:
        artists = {
            notice.artist
            for notice in notices
            if notice.server == bench.gateway.identity.server
            and not is_echo(bench.store, notice)
        }
        return _filed_under(bench, artists) if artists else []


def is_echo(store: ShadowStore, notice: Notice) -> bool:
    """Say whether a rating is what we wrote, or promised to write, ourselves."""
    of_item = notice.level, [notice.guid]
    ours = [row.value for row in store.shadows(*of_item)]
    ours += [row.after for row in store.intents(*of_item)]
    given = np.full(len(ours), notice.points, np.float64)
    return bool(same(np.array(ours, np.float64), given).any())


def _filed_under(bench: Workbench, artists: set[int]) -> list[str]:
    """Return the letters of artists; those that the library lacks have none."""
    letters: set[str] = set()
    wanted = sorted(artists)
    for start in range(0, len(wanted), MOST_IDS):
        ids = {"id": ",".join(map(str, wanted[start : start + MOST_IDS]))}
        listed = bench.gateway.listing(Level.ARTIST, bench.gate.pass_through, ids)
        keys = listed.items.key.tolist()
        titles = zip(keys, listed.sort_title, strict=True)
        letters |= {letter_of(title) for key, title in titles if key in artists}
    return in_order(letters)
