"""Answers the requests that read the library."""

from collections import Counter
from collections.abc import Iterable
from urllib.parse import quote

from tests.simulator.filter_markup import write_meta
from tests.simulator.item_markup import ItemWriter, Trim
from tests.simulator.items import Item, Kind, bucket_of, fold
from tests.simulator.markup import container, element
from tests.simulator.messages import Answer, Refusal, Request
from tests.simulator.options import Options
from tests.simulator.selection import Page, Selection, cut_page, kind_of
from tests.simulator.tags import TAG_TYPES
from tests.simulator.world import World

VIEW_GROUPS = {Kind.ARTIST: "artist", Kind.ALBUM: "album", Kind.TRACK: "track"}


class Reading:
    """The library's pages."""

    def __init__(self, world: World, options: Options, selection: Selection) -> None:
        self._world = world
        self._options = options
        self._selection = selection

    def list_section(self, request: Request) -> Answer:
        """Answer with the items of one kind that fit the query."""
        return self._list(request, self._selection.choose(request))

    def list_letter(self, request: Request, letter: str) -> Answer:
        """Answer with the items that are filed under a letter."""
        items = self._selection.choose(request)
        return self._list(
            request, [item for item in items if bucket_of(item) == letter]
        )

    def show_items(self, request: Request, keys: str) -> Answer:
        """Answer with the pages of the items that exist among those asked for."""
        found = [self._world.find(int(key)) for key in keys.split(",") if key]
        items = [item for item in found if item is not None]
        if not items:
            raise Refusal(404)
        page = cut_page(items, request, self._options.page_cap)
        return self._write(request, page, {}, is_page=True)

    def list_children(self, request: Request, key: str) -> Answer:
        """Answer with the albums of an artist or the tracks of an album."""
        item = self._existing(key)
        return self._list_below(request, item, item.children)

    def list_leaves(self, request: Request, key: str) -> Answer:
        """Answer with all tracks below an item."""
        item = self._existing(key)
        return self._list_below(request, item, item.related(Kind.TRACK))

    def list_choices(self, request: Request, tag_type: str) -> Answer:
        """Answer with the tags that items of the kind carry."""
        if tag_type not in TAG_TYPES:
            raise Refusal(404)
        kind = kind_of(request)
        items = self._world.views[kind].values()
        texts = {text for item in items for text in item.tags.get(tag_type, ())}
        base = f"/library/sections/{self._world.section}/all?type={kind}"
        number = self._world.tag_book.number
        numbered = [(number(tag_type, text), text) for text in sorted(texts, key=fold)]
        rows = [
            {"fastKey": f"{base}&{tag_type}={n}", "key": n, "title": text}
            for n, text in numbered
        ]
        return self._directories(rows)

    def list_first_characters(self, request: Request) -> Answer:
        """Answer with the letters under which items are filed, and how many."""
        items = self._world.views[kind_of(request)].values()
        letters = Counter(bucket_of(item) for item in items)
        rows = [
            {"size": size, "key": quote(letter), "title": letter}
            for letter, size in sorted(letters.items())
        ]
        return self._directories(rows)

    def list_collections(self, request: Request) -> Answer:
        """Answer that there are no collections."""
        return self._write(request, cut_page([], request, None), self._section_facts())

    def _existing(self, key: str) -> Item:
        item = self._world.find(int(key))
        if item is None:
            raise Refusal(404)
        return item

    def _list(self, request: Request, items: list[Item]) -> Answer:
        page = cut_page(items, request, self._options.page_cap)
        facts = self._section_facts() | {
            "viewGroup": VIEW_GROUPS[kind_of(request)],
            "viewMode": 65592,
        }
        return self._write(request, page, facts)

    def _list_below(
        self, request: Request, above: Item, items: Iterable[Item]
    ) -> Answer:
        ordered = sorted(items, key=lambda i: (i.disc or 1, i.index or 0, i.key))
        page = cut_page(ordered, request, self._options.page_cap)
        facts = self._section_facts() | {"key": above.key, "parentTitle": above.title}
        return self._write(request, page, facts)

    def _write(
        self,
        request: Request,
        page: Page,
        facts: dict[str, object],
        *,
        is_page: bool = False,
    ) -> Answer:
        writer = ItemWriter(
            self._world,
            request.account or 0,
            self._options.float_mode,
            _trim_for(request),
            with_guids=is_page or request.value("includeGuids") == "1",
            is_page=is_page,
        )
        children = [writer.write(item) for item in page.items]
        if request.value("includeMeta") == "1":
            children.insert(0, write_meta(self._world.section))
        paged = {"totalSize": page.total, "offset": page.start} if page.asked else {}
        body = container(
            {"size": len(page.items)} | paged | self._base() | facts, children
        )
        answer = Answer(body=body, items=len(page.items))
        if page.asked:
            answer.headers["X-Plex-Container-Start"] = str(page.start)
            answer.headers["X-Plex-Container-Total-Size"] = str(page.total)
        return answer

    def _directories(self, rows: list[dict[str, object]]) -> Answer:
        facts = {"size": len(rows)} | self._base()
        return Answer(body=container(facts, [element("Directory", r) for r in rows]))

    def _base(self) -> dict[str, object]:
        return {
            "allowSync": 1,
            "identifier": "com.plexapp.plugins.library",
            "librarySectionID": self._world.section,
            "librarySectionTitle": self._world.name,
            "librarySectionUUID": self._world.uuid,
            "mediaTagPrefix": "/system/bundle/media/flags/",
            "mediaTagVersion": 1_734_362_201,
        }

    def _section_facts(self) -> dict[str, object]:
        return {
            "art": "/:/resources/artist-fanart.jpg",
            "nocache": 1,
            "thumb": "/:/resources/artist.png",
            "title1": self._world.name,
            "title2": "All",
        }


def _trim_for(request: Request) -> Trim:
    version = request.headers.get("X-Plex-Pms-Api-Version") or "0.0"
    only = frozenset(request.words("includeFields"))
    return Trim(
        fields=frozenset(request.words("excludeFields")),
        elements=frozenset(request.words("excludeElements")),
        # In version 0 of the API, `includeFields` only adds to what is there.
        only_fields=only if only and not version.startswith("0") else None,
    )
