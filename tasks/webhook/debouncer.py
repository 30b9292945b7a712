"""Debounce ratings: wait until nobody has rated for a while, then name the letters."""

import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

import numpy as np

from engine.errors import PlexbayesError
from engine.library import OWNER_ACCOUNT, Level
from engine.partition import in_order, letter_of
from engine.planning.batches import chunks
from engine.rating_scale import same
from tasks.config.settings import Settings
from tasks.plex.libraries import accounts_of
from tasks.record.store import ShadowStore
from tasks.runtime.context import RunContext, open_run
from tasks.webhook.rating_event import Event, is_account

MAX_WAIT = 5
"""Times the quiet period after which a run starts although ratings keep coming."""

MAX_REMEMBERED = 20_000
"""Dated events, and the last ones of items, that are known when they come again."""

RETRY = 10.0
"""Seconds, at least, until a run that could not be started is tried again."""

Say = Callable[[str], None]


class IgnoredEvents:
    """Counts events that start no run, and logs each reason now and then."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, reason: str) -> None:
        """Count an event; the first, tenth, hundredth of a reason is logged."""
        with self._lock:
            self._counts[reason] += 1
            count = self._counts[reason]
        if count in {10**power for power in range(10)}:
            times = "" if count == 1 else f" ({count} times so far)"
            self._say(f"Webhook: an event is ignored, because {reason}{times}.")


class RatingListener:
    """Collects events, and starts a run for all of them once it is quiet."""

    def __init__(
        self, quiet: float, start: Callable[[list[Event]], None], say: Say, ignore: Say
    ) -> None:
        """Begin with nothing heard.

        Args:
            quiet: Seconds without an event after which to start a run; it starts
                after five times as many at the latest.
            start: Starts a run for the events, the last of each item. If it fails,
                they are kept, and it is tried again after a while.
            say: Told what went wrong.
            ignore: Told why an event starts no run.
        """
        self._quiet = quiet
        self._start = start
        self._say = say
        self._ignore = ignore
        self._heard: dict[object, Event] = {}
        self._first = 0.0
        self._seen = SeenEvents()
        self._complaint = ""
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self._timer = threading.Timer(0, lambda: None)

    def hear(self, event: Event) -> None:
        """Note an event, and wait for quiet once more."""
        with self._lock:
            if not self._seen.is_new(event):
                self._ignore("it came before")
                return
            if not self._heard:
                self._first = time.monotonic()
            self._heard[event.item] = event
            latest = self._first + MAX_WAIT * self._quiet - time.monotonic()
            self._wait(min(self._quiet, latest))

    def stop(self) -> None:
        """Forget what was heard."""
        with self._lock:
            self._timer.cancel()
            self._heard.clear()

    def _wait(self, seconds: float) -> None:
        self._timer.cancel()
        self._timer = threading.Timer(max(0.0, seconds), self._after_quiet)
        self._timer.daemon = True
        self._timer.start()

    def _after_quiet(self) -> None:
        with self._starting:  # one after the other: the second sees the first one's run
            with self._lock:
                heard, self._heard = self._heard, {}
            if not heard:
                return
            try:
                self._start(list(heard.values()))
                self._complaint = ""
            except PlexbayesError as error:
                if self._complaint != str(error):
                    self._complaint = str(error)
                    self._say(f"New ratings wait, because: {error}")
                with self._lock:
                    self._heard = heard | self._heard
                    self._first = time.monotonic()
                    self._wait(max(self._quiet, RETRY))


class SeenEvents:
    """Knows an event that comes again.

    The date of an event tells it from an earlier one. Without a date, a rating is new
    if it differs from the last one of its item.
    """

    def __init__(self) -> None:
        self._seen: OrderedDict[object, Event] = OrderedDict()

    def is_new(self, event: Event) -> bool:
        """Remember an event; say whether it was not seen before."""
        key = event.item if event.date is None else event
        is_known = self._seen.get(key) == event
        self._seen |= {event.item: event, key: event}
        while len(self._seen) > MAX_REMEMBERED:
            self._seen.popitem(last=False)
        return not is_known


def letters_of(settings: Settings, events: Iterable[Event], ignore: Say) -> list[str]:
    """Return the letters under which events are news to our library.

    Events of other servers, libraries and people are not, nor are the echoes of what
    we wrote ourselves; `ignore` is told why.

    Raises:
        PlexbayesError: Plex or the record could not be asked.
    """
    with open_run(settings, "", live=False) as context:
        accounts = accounts_of(context.gateway.get)
        artists = set()
        for event in events:
            reason = _why_ignored(context, event, accounts)
            if reason:
                ignore(reason)
            else:
                artists.add(event.artist)
        return _filed_under(context, artists)


def _why_ignored(context: RunContext, event: Event, accounts: dict[str, str]) -> str:
    """Say why an event is no news; empty if it is."""
    settings, identity = context.settings, context.gateway.identity
    if event.server != identity.server:
        return "it is of another server"
    if event.points is None:
        return "" if settings.webhook_new_music else "WEBHOOK_NEW_MUSIC is false"
    if not (identity.account == OWNER_ACCOUNT or settings.webhook_account):
        return "PLEX_TOKEN is not the owner's: set WEBHOOK_ACCOUNT to its account"
    if not is_account(event.account, accounts, settings.webhook_account):
        name = event.account.name or f"account {event.account.number}"
        whose = settings.webhook_account or "the server's owner"
        return f"{name} rated it, and WEBHOOK_ACCOUNT is {whose}"
    return "plexbayes wrote it itself" if is_echo(context.store, event) else ""


def is_echo(store: ShadowStore, event: Event) -> bool:
    """Return whether a rating is what we wrote, or are about to write, ourselves."""
    of_item = event.level, [event.guid]
    ours = [row.value for row in store.shadows(*of_item)]
    ours += [row.after for row in store.intents(*of_item) if row.after is not None]
    given = np.full(len(ours), event.points, np.float64)
    return bool(same(np.array(ours, np.float64), given).any())


def _filed_under(context: RunContext, artists: set[int]) -> list[str]:
    """Return the letters of artists; those that the library lacks have none."""
    letters: set[str] = set()
    for keys in chunks(np.array(sorted(artists), np.int64)):
        ids = {"id": ",".join(map(str, keys.tolist()))}
        checkpoint = context.cancellation.checkpoint
        listed = context.gateway.listing(Level.ARTIST, checkpoint, ids)
        titles = zip(listed.items.key.tolist(), listed.sort_title, strict=True)
        letters |= {letter_of(title) for key, title in titles if key in artists}
    return in_order(letters)
