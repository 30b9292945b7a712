"""Answers the requests about the server itself."""

from tests.simulator.markup import container, element
from tests.simulator.messages import Answer, Refusal, Request
from tests.simulator.world import OWNER, Activity, World

VERSION = "1.43.0.10467-2b1ba6e69"
AGENT = {"agent": "tv.plex.agents.music", "scanner": "Plex Music", "language": "en-US"}
TASKS = (
    "BackupDatabase",
    "CleanOldBundles",
    "CleanOldCacheFiles",
    "GarbageCollectLibraryMedia",
    "OptimizeDatabase",
    "RefreshLibraries",
)
BUSY_SECONDS = 0.2
"""How long a backup or an optimisation goes on."""


class Housekeeping:
    """The pages of the server, its accounts and its chores."""

    def __init__(self, world: World) -> None:
        self._world = world

    def show_server(self, request: Request) -> Answer:
        """Answer who the server is."""
        facts = {
            "size": 0,
            "allowSync": 1,
            "friendlyName": "Simulator",
            "machineIdentifier": self._world.machine_identifier,
            "myPlex": 1,
            "myPlexUsername": "owner" if request.account == OWNER else "shared",
            "ownerFeatures": "" if request.account == OWNER else None,
            "platform": "Linux",
            "version": VERSION,
        }
        return Answer(body=container(facts, []))

    def show_identity(self, _request: Request) -> Answer:
        """Answer to whoever asks, without a token."""
        facts = {
            "size": 0,
            "claimed": 1,
            "machineIdentifier": self._world.machine_identifier,
            "version": VERSION,
        }
        return Answer(body=container(facts, []))

    def show_library(self, _request: Request) -> Answer:
        """Answer with the doors of the library."""
        facts = {
            "size": 1,
            "art": "/:/resources/library-art.png",
            "identifier": "com.plexapp.plugins.library",
            "title1": "Plex Library",
        }
        sections = element("Directory", {"key": "sections", "title": "Sections"})
        return Answer(body=container(facts, [sections]))

    def list_sections(self, _request: Request) -> Answer:
        """Answer with the one section that there is."""
        scans = [a for a in self._world.running() if a.type == "library.update.section"]
        facts = {
            "allowSync": 1,
            "art": "/:/resources/artist-fanart.jpg",
            "composite": f"/library/sections/{self._world.section}/composite/1",
            "filters": 1,
            "refreshing": int(bool(scans)),
            "thumb": "/:/resources/artist.png",
            "key": self._world.section,
            "type": "artist",
            "title": self._world.name,
            "uuid": self._world.uuid,
            "updatedAt": 1_699_000_000,
            "createdAt": 1_600_000_000,
            "scannedAt": 1_699_000_000,
            "content": 1,
            "directory": 1,
            "contentChangedAt": 412_193,
            "hidden": 0,
        }
        location = element("Location", {"id": 1, "path": "/music"})
        section = element("Directory", facts | AGENT, location)
        outside = {"size": 1, "allowSync": 0, "title1": "Plex Library"}
        return Answer(body=container(outside, [section]))

    def list_accounts(self, _request: Request) -> Answer:
        """Answer with the accounts, the owner being number 1."""
        names = {OWNER: "owner", 2: "shared"}
        rows = [
            element("Account", {"id": id_, "key": f"/accounts/{id_}", "name": name})
            for id_, name in names.items()
        ]
        return Answer(body=container({"size": len(rows)}, rows))

    def list_activities(self, _request: Request) -> Answer:
        """Answer with what the server is busy with."""
        rows = [
            element("Activity", _activity_facts(n, activity))
            for n, activity in enumerate(self._world.running())
        ]
        return Answer(body=container({"size": len(rows)}, rows))

    def list_tasks(self, _request: Request) -> Answer:
        """Answer with the chores that can be ordered."""
        rows = [
            element(
                "ButlerTask",
                {
                    "name": name,
                    "title": name,
                    "description": name,
                    "enabled": 1,
                    "interval": 3,
                    "scheduleRandomized": 0,
                },
            )
            for name in TASKS
        ]
        return Answer(body=element("ButlerTasks", {}, "".join(rows)).encode())

    def run_task(self, _request: Request, name: str) -> Answer:
        """Begin a chore."""
        if name not in TASKS:
            raise Refusal(404)
        self._begin(f"butler.{name}", name)
        return Answer()

    def optimize(self, _request: Request) -> Answer:
        """Begin to optimise the database."""
        self._begin("library.optimize", "Optimizing database")
        return Answer()

    def _begin(self, type_: str, title: str) -> None:
        until = self._world.clock() + BUSY_SECONDS
        self._world.activities.append(Activity(type_, title, until))


def _activity_facts(number: int, activity: Activity) -> dict[str, object]:
    return {
        "uuid": f"00000000-0000-0000-0000-{number:012}",
        "type": activity.type,
        "cancellable": 0,
        "userID": 1,
        "title": activity.title,
        "subtitle": "",
        "progress": 50,
    }
