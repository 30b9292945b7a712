"""Answers the requests that read or change playlists."""

import re

from tests.simulator.filters import Selection, cut_page
from tests.simulator.items import Item, Kind, file_title
from tests.simulator.markup import container, element, of_section
from tests.simulator.messages import Answer, Refusal, Request
from tests.simulator.options import Options
from tests.simulator.playlists import Member, Playlist, Rule, read_rule, read_uri
from tests.simulator.reading import Reading, answer_page
from tests.simulator.world import World

SMART_ICON = "playlist://image.smart"
_ITEMS = re.compile(r"/library/metadata/([\d,]+)")


class PlaylistPages:
    """What clients may see of their own playlists, and do to them."""

    def __init__(
        self, world: World, options: Options, selection: Selection, reading: Reading
    ) -> None:
        self._world = world
        self._options = options
        self._selection = selection
        self._reading = reading

    def list_playlists(self, request: Request) -> Answer:
        """Answer with the account's playlists that are asked for."""
        found = [p for p in self._world.playlists.all() if _fits(p, request)]
        page = cut_page(found, request, self._options.page_cap)
        return answer_page(page, {}, [self._write(p) for p in page.items])

    def show(self, request: Request, key: str) -> Answer:
        """Answer with one playlist, and with its rule if it has one."""
        playlist = self._existing(request, key)
        return self._answer(playlist, playlist.rule.content if playlist.rule else None)

    def list_items(self, request: Request, key: str) -> Answer:
        """Answer with the tracks of a playlist, in its own order."""
        playlist = self._existing(request, key)
        members = members_of(playlist, self._selection)
        page = cut_page(members, request, self._options.page_cap)
        writer = self._reading.writer_for(request)
        places = of_section(self._world)
        rows = [
            writer.write(member.item, {"playlistItemID": member.number} | places)
            for member in page.items
        ]
        return answer_page(page, {"ratingKey": playlist.key}, rows)

    def create(self, request: Request) -> Answer:
        """Make a playlist of some items, or with a rule."""
        title, uri = request.value("title"), request.value("uri")
        if not title or not uri or request.value("type") != "audio":
            raise Refusal(400)
        is_smart = request.value("smart") == "1"
        rule = self._rule_in(uri, request) if is_smart else None
        items = [] if is_smart else self._tracks_in(uri)
        store, now = self._world.playlists, self._world.clock()
        playlist = store.create(request.account or 0, title, rule, now)
        if items:
            store.append(playlist, items, now)
        return self._answer(playlist)

    def edit(self, request: Request, key: str) -> Answer:
        """Change the title or the summary."""
        playlist, now = self._existing(request, key), self._world.clock()
        for name, change in (
            ("title", self._world.playlists.rename),
            ("summary", self._world.playlists.describe),
        ):
            plain = request.value(name)
            text = request.value(f"{name}.value") if plain is None else plain
            if text is not None:
                change(playlist, text, now)
        return Answer()

    def delete(self, request: Request, key: str) -> Answer:
        """Delete a playlist."""
        self._world.playlists.delete(self._existing(request, key))
        return Answer()

    def add_items(self, request: Request, key: str) -> Answer:
        """Add items to a playlist; a smart one takes nothing but another rule."""
        playlist, now = self._existing(request, key), self._world.clock()
        uri = request.value("uri") or ""
        if playlist.rule:
            rule = self._rule_in(uri, request)
            self._world.playlists.set_rule(playlist, rule, now)
        else:
            self._world.playlists.append(playlist, self._tracks_in(uri), now)
        return self._answer(playlist)

    def clear(self, request: Request, key: str) -> Answer:
        """Take everything out of a playlist."""
        return self._arrange(self._manual(request, key), [])

    def remove_item(self, request: Request, key: str, number: str) -> Answer:
        """Take one member out of a playlist."""
        playlist = self._manual(request, key)
        members = list(playlist.members)
        members.remove(_numbered(members, number))
        return self._arrange(playlist, members)

    def move_item(self, request: Request, key: str, number: str) -> Answer:
        """Move a member behind another one, or to the beginning."""
        playlist = self._manual(request, key)
        members = list(playlist.members)
        moved, after = _numbered(members, number), request.value("after")
        members.remove(moved)
        place = members.index(_numbered(members, after)) + 1 if after else 0
        return self._arrange(playlist, [*members[:place], moved, *members[place:]])

    def _arrange(self, playlist: Playlist, members: list[Member]) -> Answer:
        self._world.playlists.arrange(playlist, members, self._world.clock())
        return self._answer(playlist)

    def _existing(self, request: Request, key: str) -> Playlist:
        playlist = self._world.playlists.find(int(key), request.account or 0)
        if playlist is None:
            raise Refusal(404)
        return playlist

    def _manual(self, request: Request, key: str) -> Playlist:
        playlist = self._existing(request, key)
        if playlist.rule:
            raise Refusal(400)
        return playlist

    def _tracks_in(self, uri: str) -> list[Item]:
        """Return the tracks at and below the items that a URI names."""
        match = _ITEMS.fullmatch(read_uri(uri, roots_of(self._world).values())[1])
        if match is None:
            raise Refusal(400)
        found = [self._world.find(int(key)) for key in match[1].split(",") if key]
        return [track for item in found if item for track in _tracks_below(item)]

    def _rule_in(self, uri: str, request: Request) -> Rule:
        """Return the rule in a URI, once it is clear that it can be followed."""
        root, target = read_uri(uri, roots_of(self._world).values())
        rule = read_rule(target, root)
        if rule.path != section_path(self._world):
            raise Refusal(400)
        _found_by(rule, request.account or 0, self._selection)
        return rule

    def _answer(self, playlist: Playlist, content: str | None = None) -> Answer:
        return Answer(
            body=container({"size": 1}, [self._write(playlist, content)]), items=1
        )

    def _write(self, playlist: Playlist, content: str | None = None) -> str:
        members = members_of(playlist, self._selection)
        path = f"/playlists/{playlist.key}"
        facts = {
            "ratingKey": playlist.key,
            "key": f"{path}/items",
            "guid": f"com.plexapp.agents.none://{self._world.uuid}-{playlist.key}",
            "type": "playlist",
            "title": playlist.title,
            "titleSort": file_title(playlist.title),
            "summary": playlist.summary,
            "smart": int(playlist.rule is not None),
            "playlistType": "audio",
            "composite": f"{path}/composite/{playlist.updated_at}",
            "icon": SMART_ICON if playlist.rule else None,
            "content": content,
            "duration": sum(member.item.duration or 0 for member in members),
            "leafCount": len(members),
            "addedAt": playlist.added_at,
            "updatedAt": playlist.updated_at,
        }
        return element("Playlist", facts)


def section_path(world: World) -> str:
    """Return the path of the listing that rules ask."""
    return f"/library/sections/{world.section}/all"


def roots_of(world: World) -> dict[str, str]:
    """Return what the URIs of a server's items begin with, in each spelling."""
    return {
        "server": f"server://{world.machine_identifier}/com.plexapp.plugins.library",
        "library": f"library://{world.uuid}",
    }


def members_of(playlist: Playlist, selection: Selection) -> list[Member]:
    """Return the members that clients see now."""
    members = playlist.members
    if playlist.rule:
        found = _found_by(playlist.rule, playlist.account, selection)
        members = [Member(track) for item in found for track in _tracks_below(item)]
    return [member for member in members if not member.item.is_hidden]


def _found_by(rule: Rule, account: int, selection: Selection) -> list[Item]:
    """Return what a rule finds; `having`, which no listing answers, is passed over."""
    pairs = [(name, value) for name, value in rule.pairs if name != "having"]
    return selection.choose(pairs, account)


def _tracks_below(item: Item) -> list[Item]:
    """Return the tracks at or below an item, album by album."""
    if item.kind == Kind.TRACK:
        return [item]
    below = sorted(item.children, key=lambda i: (i.disc or 1, i.index or 0, i.key))
    return [track for child in below for track in _tracks_below(child)]


def _fits(playlist: Playlist, request: Request) -> bool:
    """Whether a list of playlists that is asked for contains one."""
    return (
        playlist.account == request.account
        and request.value("playlistType") in {None, "audio"}
        and request.value("smart") in {None, str(int(playlist.rule is not None))}
        and (request.value("title") or "").casefold() in playlist.title.casefold()
    )


def _numbered(members: list[Member], number: str) -> Member:
    for member in members:
        if str(member.number) == number:
            return member
    raise Refusal(404)
