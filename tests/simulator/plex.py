"""One simulated server: takes a request, gives an answer."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.simulator.faults import Faults
from tests.simulator.housekeeping import Housekeeping
from tests.simulator.messages import Answer, Refusal, Request, html_error
from tests.simulator.options import Options
from tests.simulator.reading import Reading
from tests.simulator.request_log import RequestLog
from tests.simulator.selection import Selection
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
        entry = self.log.begin(request)
        began = time.perf_counter()
        struck = self.faults.strike(request)
        request.account = entry.account = self._accounts.get(
            request.option("X-Plex-Token") or ""
        )
        answer = next((a for fault in struck if (a := fault.before())), None)
        if answer is None:
            request.quirks = {fault.do for fault in struck}
            try:
                answer = self._dispatch(request, entry.n)
            except Refusal as refusal:
                answer = html_error(refusal.status)
            entry.items = answer.items
            for fault in struck:
                answer = fault.after(answer)
        entry.status = None if answer.cut == "reset" else answer.status
        entry.milliseconds = round((time.perf_counter() - began) * 1000, 3)
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
        if route.method == "GET":
            return self._read(request, route, parts)
        return self._write(request, route, parts, number)

    def _read(self, request: Request, route: Route, parts: tuple[Any, ...]) -> Answer:
        with self.world.lock:
            answer = route.answer(request, *parts)
        _wait(self.options.latency.of_read(answer.items))
        return answer

    def _write(
        self, request: Request, route: Route, parts: tuple[Any, ...], number: int
    ) -> Answer:
        """Write, while everybody else waits: there is one database."""
        with self.world.lock:
            self.world.journal.request = number
            try:
                answer = route.answer(request, *parts)
            finally:
                self.world.journal.request = None
            _wait(seconds_of(request, answer.items, self.options.latency))
        return answer

    def _find_route(self, request: Request) -> tuple[Route | None, tuple[Any, ...]]:
        for route in self._routes:
            match = route.path.fullmatch(request.path)
            if match and request.method in route.method.split("|"):
                return route, match.groups()
        return None, ()


def _wait(seconds: float) -> None:
    if seconds:  # even no sleep at all lets another thread go first
        time.sleep(seconds)


def _make_routes(world: World, options: Options) -> list[Route]:
    selection = Selection(world, options.ignored_filters)
    reading = Reading(world, options, selection)
    writing = Writing(world, selection)
    home = Housekeeping(world)
    section = f"/library/sections/{world.section}"
    table: list[tuple[str, str, Callable[..., Answer], bool]] = [
        ("GET", "/", home.show_server, False),
        ("GET", "/identity", home.show_identity, False),
        ("GET", "/accounts", home.list_accounts, True),
        ("GET", "/activities", home.list_activities, True),
        ("GET", "/butler", home.list_tasks, True),
        ("POST", r"/butler/(\w+)", home.run_task, True),
        ("GET", "/library", home.show_library, True),
        ("PUT", "/library/optimize", home.optimize, True),
        ("GET", "/library/sections/?", home.list_sections, False),
        ("GET", f"{section}/all", reading.list_section, False),
        ("PUT", f"{section}/all", writing.edit, True),
        ("PUT", r"/library/sections/\w+/all", _fail, True),
        ("GET", f"{section}/collections", reading.list_collections, False),
        ("GET", f"{section}/firstCharacter", reading.list_first_characters, False),
        ("GET", f"{section}/firstCharacter/(.)", reading.list_letter, False),
        ("GET", rf"{section}/(\w+)", reading.list_choices, False),
        ("GET", r"/library/metadata/([\d,]+)", reading.show_items, False),
        ("GET", r"/library/metadata/(\d+)/children", reading.list_children, False),
        ("GET", r"/library/metadata/(\d+)/allLeaves", reading.list_leaves, False),
        ("PUT|GET", "/:/rate", writing.rate, False),
    ]
    return [Route(m, re.compile(p), answer, owner) for m, p, answer, owner in table]


def _fail(_request: Request) -> Answer:
    """Fail as a server does when the section to be edited does not exist."""
    raise Refusal(500)
