"""Answers the requests that read the library, or ask about the server itself."""

from collections.abc import Iterable
from typing import Any

from tests.simulator.fields import write_meta
from tests.simulator.filters import Page, Selection, cut_page, kind_of
from tests.simulator.items import TAG_TYPES, Item, Kind, fold
from tests.simulator.markup import Attributes, ItemWriter, container, element
from tests.simulator.messages import Answer, Refusal, Request
from tests.simulator.options import Options
from tests.simulator.world import OWNER, SHARED, World

AGENT = {"agent": "tv.plex.agents.music", "scanner": "Plex Music", "language": "en-US"}
CHORES = {"BackupDatabase", "CleanOldBundles", "OptimizeDatabase"}
BUSY_SECONDS = 0.2
"""How long a chore goes on."""


class Reading:
    """The pages of the server, its accounts and its library."""

    def __init__(self, world: World, options: Options, selection: Selection) -> None:
        self._world = world
        self._options = options
        self._selection = selection

    def show_server(self, request: Request) -> Answer:
        """Answer who the server is."""
        is_owner = request.account == OWNER
        facts = {
            "size": 0,
            "allowSync": 1,
            "friendlyName": "Simulator",
            "machineIdentifier": self._world.machine_identifier,
            "myPlex": 1,
            "myPlexUsername": "owner" if is_owner else "shared",
            "ownerFeatures": "" if is_owner else None,
            "platform": "Linux",
            "version": self._world.release,
        }
        return Answer(body=container(facts))

    def show_identity(self, _request: Request) -> Answer:
        """Answer to whoever asks, without a token."""
        facts = {
            "size": 0,
            "claimed": 1,
            "machineIdentifier": self._world.machine_identifier,
            "version": self._world.release,
        }
        return Answer(body=container(facts))

    def show_library(self, _request: Request) -> Answer:
        """Answer that there is a library."""
        facts = {"identifier": "com.plexapp.plugins.library", "title1": "Plex Library"}
        return Answer(body=container(facts))

    def list_sections(self, _request: Request) -> Answer:
        """Answer with the one section that there is."""
        running = {activity.type for activity in self._world.running()}
        facts = {
            "refreshing": int("library.update.section" in running),
            "key": self._world.section,
            "type": "artist",
            "title": self._world.name,
            "uuid": self._world.uuid,
            "updatedAt": 1_699_000_000,
        }
        location = element("Location", {"id": 1, "path": "/music"})
        section = element("Directory", facts | AGENT, location)
        outside = {"size": 1, "allowSync": 0, "title1": "Plex Library"}
        return Answer(body=container(outside, [section]))

    def list_accounts(self, _request: Request) -> Answer:
        """Answer with the accounts, the owner being number 1."""
        names = {OWNER: "owner", SHARED: "shared"}
        return _rows(
            "Account",
            [
                {"id": number, "key": f"/accounts/{number}", "name": name}
                for number, name in names.items()
            ],
        )

    def list_activities(self, _request: Request) -> Answer:
        """Answer with what the server is busy with."""
        return _rows(
            "Activity",
            [
                {
                    "uuid": f"00000000-0000-0000-0000-{number:012}",
                    "type": activity.type,
                    "cancellable": 0,
                    "userID": 1,
                    "title": activity.title,
                    "subtitle": "",
                    "progress": 50,
                }
                for number, activity in enumerate(self._world.running())
            ],
        )

    def run_chore(self, _request: Request, name: str) -> Answer:
        """Begin a chore."""
        if name not in CHORES:
            raise Refusal(404)
        self._world.begin(f"butler.{name}", name, BUSY_SECONDS)
        return Answer()

    def list_section(self, request: Request) -> Answer:
        """Answer with the items of one kind that fit the query."""
        page = self._cut(
            request, self._selection.choose(request.pairs, request.account or 0)
        )
        view = {"viewGroup": kind_of(request.pairs).label, "viewMode": 65592}
        return self._write(request, page, view)

    def show_items(self, request: Request, keys: str) -> Answer:
        """Answer with the pages of the items that exist among those asked for."""
        found = [self._world.find(int(key)) for key in keys.split(",") if key]
        items = [item for item in found if item is not None]
        if not items:
            raise Refusal(404)
        return self._write(request, self._cut(request, items), {}, is_page=True)

    def list_children(self, request: Request, key: str) -> Answer:
        """Answer with the albums of an artist or the tracks of an album."""
        item = self._existing(key)
        return self._list_below(request, item, item.children)

    def list_leaves(self, request: Request, key: str) -> Answer:
        """Answer with all tracks below an item."""
        item = self._existing(key)
        return self._list_below(request, item, item.related(Kind.TRACK))

    def list_choices(self, request: Request, tag_type: str) -> Answer:
        """Answer with the tags that items of the kind carry; no collections."""
        if tag_type not in {*TAG_TYPES, "collections"}:
            raise Refusal(404)
        kind = kind_of(request.pairs)
        items = self._world.views[kind].values()
        texts = {text for item in items for text in item.tags.get(tag_type, ())}
        base = f"/library/sections/{self._world.section}/all?type={kind}"
        number = self._world.tag_book.number
        numbered = [(number(tag_type, text), text) for text in sorted(texts, key=fold)]
        rows = [
            {"fastKey": f"{base}&{tag_type}={n}", "key": n, "title": text}
            for n, text in numbered
        ]
        return _rows("Directory", rows, self._base())

    def _existing(self, key: str) -> Item:
        item = self._world.find(int(key))
        if item is None:
            raise Refusal(404)
        return item

    def _list_below(
        self, request: Request, above: Item, items: Iterable[Item]
    ) -> Answer:
        ordered = sorted(items, key=lambda i: (i.disc or 1, i.index or 0, i.key))
        facts = {"key": above.key, "parentTitle": above.title}
        return self._write(request, self._cut(request, ordered), facts)

    def _cut(self, request: Request, items: list[Item]) -> Page[Item]:
        return cut_page(items, request, self._options.page_cap)

    def _write(
        self,
        request: Request,
        page: Page[Item],
        facts: dict[str, object],
        *,
        is_page: bool = False,
    ) -> Answer:
        writer = self.writer_for(request, is_page=is_page)
        children = [writer.write(item) for item in page.items]
        if request.value("includeMeta") == "1":
            children.insert(0, write_meta(self._world.section))
        return answer_page(page, self._base() | facts, children)

    def writer_for(self, request: Request, *, is_page: bool = False) -> ItemWriter:
        """Return what writes items as a request wants them."""
        return ItemWriter(
            self._world,
            request.account or 0,
            self._options.float_mode,
            request.words("excludeFields"),
            request.words("excludeElements"),
            with_guids=is_page or request.value("includeGuids") == "1",
            is_page=is_page,
        )

    def _base(self) -> dict[str, object]:
        return {
            "allowSync": 1,
            "identifier": "com.plexapp.plugins.library",
            "librarySectionID": self._world.section,
            "librarySectionTitle": self._world.name,
            "librarySectionUUID": self._world.uuid,
            "title1": self._world.name,
        }


def answer_page(page: Page[Any], facts: Attributes, children: list[str]) -> Answer:
    """Answer with one page of a listing, which tells the total to those who page."""
    paged = {"totalSize": page.total, "offset": page.start} if page.asked else {}
    body = container({"size": len(page.items), **paged, **facts}, children)
    answer = Answer(body=body, items=len(page.items))
    if page.asked:
        answer.headers["X-Plex-Container-Start"] = str(page.start)
        answer.headers["X-Plex-Container-Total-Size"] = str(page.total)
    return answer


def _rows(
    name: str, rows: list[dict[str, object]], facts: Attributes | None = None
) -> Answer:
    """Answer with an element for each row."""
    whole = {"size": len(rows), **(facts or {})}
    return Answer(body=container(whole, [element(name, row) for row in rows]))
