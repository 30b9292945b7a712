"""A record of an older version is brought up to date, and nothing of it is lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, Table, create_engine

import tasks.record
from engine.library import Level
from tasks.record.database import open_database
from tasks.record.rows import IntentState
from tasks.record.runs import first_fit
from tasks.record.store import ShadowStore
from tasks.record.tables import IntentRow, ShadowRow
from tasks.sync.record_lookup import recorded
from tests.tasks.building import MINE, sure_of

STEPS = Path(tasks.record.__file__).parent / "migrations"
TRACK = {"library_id": 7, "level": int(Level.TRACK)}
OURS, INTENDED = TRACK | {"guid": "plex://a"}, TRACK | {"guid": "plex://b"}
BY_RUN = {"phase": 4, "run_id": "run 1"}
IDENTITY = {"server": "server", "uuid": "uuid", "account": "1", "title": "Music"}
MARKED = {"tag": "T", "had_tag": False, "mood_locked": True, "rating_locked": False}
WRITTEN = {"value": 7.33, "written_at": 2.5, "seen_at": 2**33, "fingerprint": "print"}
BEGUN = {"started_at": 1.5, "mean": 6.25, "constants": "{}"}
OLD = {
    "library": IDENTITY | {"id": 7},
    "run": BEGUN | {"library_id": 7, "id": "run 1"},
    "shadow": OURS | BY_RUN | WRITTEN | {"key": 2**40},
    "intent": INTENDED | BY_RUN | {"key": 5, "after": 6.5, "promised_at": 3.5},
    "mark": INTENDED | MARKED | {"key": 5},
}
"""One row of each table, with the columns that it has had from the beginning."""


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    """Open a database; what was done is kept."""
    engine = create_engine(address)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def old_database(address: str, revision: str) -> None:
    """Make a database as an older version left it."""
    config = Config()
    config.set_main_option("script_location", str(STEPS))
    with connected(address) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with connected(address) as connection:
        for name, row in OLD.items():
            connection.execute(table(connection, name).insert(), row)


def table(connection: Connection, name: str) -> Table:
    """Return a table as it is by now."""
    return Table(name, MetaData(), autoload_with=connection)


def rows(address: str) -> dict[str, dict[str, object]]:
    """Return the one row of each table."""
    with connected(address) as connection:
        found = {
            name: connection.execute(table(connection, name).select()).mappings().one()
            for name in OLD
        }
    return {name: dict(row) for name, row in found.items()}


def test_what_an_older_version_recorded_is_kept_and_nobody_knows_how_sure(bare_address):
    old_database(bare_address, "0007")

    with ShadowStore.open(bare_address, MINE, create=True) as store:
        (ours,) = store.shadows(Level.TRACK)
        (intended,) = store.intents(Level.TRACK)
        sure = sure_of(store, ShadowRow) + sure_of(store, IntentRow)
        fit = first_fit(store, "run 1")

    renamed = OLD | {"intent": dict(OLD["intent"])}
    del renamed["intent"]["promised_at"]
    renamed["intent"] |= {"id": 1, "state": IntentState.OPEN, "since": 3.5}
    for name, row in rows(bare_address).items():
        assert renamed[name].items() <= row.items()
        assert {row[column] for column in row.keys() - renamed[name]} <= {None, 0}
    assert (ours.guid, ours.value, ours.key) == ("plex://a", 7.33, 2**40)
    assert (intended.guid, intended.after) == ("plex://b", 6.5)
    assert {value for known in sure for value in known.values()} == {None}
    assert fit is None


def test_what_may_arrive_yet_is_expected_by_the_new_version_too(bare_address):
    old_database(bare_address, "0007")
    sent = {"guid": "plex://b", "key": 5, "phase": 4, "run_id": "run 1", "value": 6.5}
    with connected(bare_address) as connection:
        waiting = table(connection, "straggler")
        row = TRACK | sent | {"sent_at": time.time()}
        connection.execute(waiting.insert(), row)

    with ShadowStore.open(bare_address, MINE, create=True) as store:
        (late,) = recorded(store, Level.TRACK).in_doubt

    assert (late.guid, late.key, late.after) == ("plex://b", 5, 6.5)
    assert late.run_id == "run 1"


def test_a_copy_is_made_before_an_upgrade(tmp_path):
    file = tmp_path / "plexbayes.db"
    old_database(f"sqlite:///{file}", "0007")

    open_database(f"sqlite:///{file}", create=True).close()
    open_database(f"sqlite:///{file}", create=True).close()

    (copy,) = tmp_path.glob("plexbayes.db.bak-*")
    with connected(f"sqlite:///{copy}") as connection:
        assert MigrationContext.configure(connection).get_current_revision() == "0007"


def test_who_only_looks_upgrades_nothing(tmp_path):
    file = tmp_path / "plexbayes.db"
    old_database(f"sqlite:///{file}", "0007")
    before = file.read_bytes()

    with ShadowStore.open(f"sqlite:///{file}", MINE, create=False) as store:
        ours = [row.guid for row in store.shadows(Level.TRACK)]

    assert ours == ["plex://a"]
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
