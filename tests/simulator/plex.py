"""One simulated server: takes a request, gives an answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.faults import Faults
from tests.simulator.filters import Selection
from tests.simulator.messages import Answer, Refusal, Request, RequestLog, html_error
from tests.simulator.options import Options
from tests.simulator.playlist_pages import PlaylistPages
from tests.simulator.reading import Reading
from tests.simulator.world import OWNER, SHARED, World
from tests.simulator.writing import Writing, seconds_of


@dataclass(frozen=True, slots=True)
class Route:
    """Which function answers which requests."""

    method: str
    path: re.Pattern[str]
    answer: Callable[..., Answer]
    is_owner_only: bool = False


class Plex:
    """A Plex Media Server, without the wire."""

    def __init__(self, world: World, options: Options | None = None) -> None:
        self.world = world
        self.options = options or Options()
        self.log = RequestLog()
        self.faults = Faults()
        self.down_until = 0.0
        """The moment (epoch s) until which nobody is answered."""
        self._accounts = {
            self.options.token: OWNER,
            self.options.shared_token: SHARED,
        }
        self._routes = _make_routes(world, self.options)

    def answer(self, request: Request) -> Answer:
        """Answer a request, and go wrong where a fault is ordered."""
        clock = self.world.clock
        if clock() < self.down_until:
            return Answer(cut="reset")
        entry = self.log.begin(request)
        struck = self.faults.strike(request)
        request.account = entry.account = self._accounts.get(
            request.option("X-Plex-Token") or ""
        )
        answer = next((a for fault in struck if (a := fault.before(clock))), None)
        if answer is None:
            request.quirks = {fault.do for fault in struck}
            try:
                answer = self._dispatch(request, entry.n)
            except Refusal as refusal:
                answer = html_error(refusal.status)
            entry.items = answer.items
            for fault in struck:
                answer = fault.after(clock, answer)
        entry.status = None if answer.cut == "reset" else answer.status
        return answer

    def _dispatch(self, request: Request, number: int) -> Answer:
        if request.length > self.options.url_limit:
            raise Refusal(400)
        route, parts = self._find_route(request)
        if request.account is None and request.path != "/identity":
            raise Refusal(401)
        if route is None:
            raise Refusal(404)
        if route.is_owner_only and request.account != OWNER:
            raise Refusal(403)
        latency = self.options.latency
        if route.method == "GET":
            with self.world.lock:
                answer = route.answer(request, *parts)
            self.world.clock.sleep((latency.read + latency.item * answer.items) / 1000)
            return answer
        # While one writes, everybody else waits: there is one database.
        with self.world.lock:
            self.world.journal.request = number
            try:
                answer = route.answer(request, *parts)
            finally:
                self.world.journal.request = None
            self.world.clock.sleep(seconds_of(request, latency))
        return answer

    def _find_route(self, request: Request) -> tuple[Route | None, tuple[Any, ...]]:
        for route in self._routes:
            match = route.path.fullmatch(request.path)
            if match and request.method == route.method:
                return route, match.groups()
        return None, ()


def _make_routes(world: World, options: Options) -> list[Route]:
    selection = Selection(world, options.ignored_filters)
    reading = Reading(world, options, selection)
    writing = Writing(world, selection)
    playlists = PlaylistPages(world, options, selection, reading)
    playlist, member = r"/playlists/(\d+)", r"/playlists/(\d+)/items/(\d+)"
    section = f"/library/sections/{world.section}"
    table: list[tuple[str, str, Callable[..., Answer], bool]] = [
        ("GET", "/", reading.show_server, False),
        ("GET", "/identity", reading.show_identity, False),
        ("GET", "/accounts", reading.list_accounts, True),
        ("GET", "/activities", reading.list_activities, True),
        ("POST", r"/butler/(\w+)", reading.run_chore, True),
        ("GET", "/library", reading.show_library, True),
        ("GET", "/library/sections/?", reading.list_sections, False),
        ("GET", f"{section}/all", reading.list_section, False),
        ("PUT", f"{section}/all", writing.edit, True),
        ("PUT", r"/library/sections/\w+/all", _fail, True),
        ("GET", rf"{section}/(\w+)", reading.list_choices, False),
        ("GET", r"/library/metadata/([\d,]+)", reading.show_items, False),
        ("GET", r"/library/metadata/(\d+)/children", reading.list_children, False),
        ("GET", r"/library/metadata/(\d+)/allLeaves", reading.list_leaves, False),
        ("PUT", "/:/rate", writing.rate, False),
        ("GET", "/playlists(?:/all)?", playlists.list_playlists, False),
        ("POST", "/playlists", playlists.create, False),
        ("GET", playlist, playlists.show, False),
        ("PUT", playlist, playlists.edit, False),
        ("DELETE", playlist, playlists.delete, False),
        ("GET", f"{playlist}/items", playlists.list_items, False),
        ("PUT", f"{playlist}/items", playlists.add_items, False),
        ("DELETE", f"{playlist}/items", playlists.clear, False),
        ("DELETE", member, playlists.remove_item, False),
        ("PUT", f"{member}/move", playlists.move_item, False),
    ]
    return [Route(m, re.compile(p), answer, owner) for m, p, answer, owner in table]


def _fail(_request: Request) -> Answer:
    """Fail as a server does when the section to be edited does not exist."""
    raise Refusal(500)
