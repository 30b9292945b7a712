"""Which tests `make test` leaves to `make test-system`."""

import pytest

SERVERS = {"prefect_database", "prefect_api", "served", "machines", "postgres_server"}
"""Fixtures that start a server of Prefect or PostgreSQL."""

LONGEST = {
    "test_anything",
    "test_lives",
    "test_bugs",
    "test_crash",
    "test_workers",
    "test_undo",
}
"""Modules that take minutes: begun last, they would keep all other workers waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that start a server beside the simulated Plex; longest first."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)
    for item in items:
        asked = getattr(item, "fixturenames", ())
        chosen = getattr(item, "callspec", None)
        databases = chosen.params.values() if chosen else ()
        is_for_postgres = any(str(wanted) == "postgresql" for wanted in databases)
        if SERVERS & set(asked) or is_for_postgres:
            item.add_marker("system")
