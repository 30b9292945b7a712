"""Packages that do not work together are refused before anything starts."""

import pytest

from engine.errors import VersionsIncompatible
from tasks.runtime.package_versions import check_versions


@pytest.mark.parametrize(
    ("prefect", "sqlalchemy", "fastapi"),
    [
        pytest.param("3.8.8", "2.1.9", "0.150.0", id="the scheduler stops"),
        pytest.param("3.8.8", "2.0.44", "0.155.0", id="the server does not start"),
        pytest.param("2.20.1", "2.1.0b1", "0.128.0", id="older still"),
    ],
)
def test_a_pair_that_is_known_to_be_broken_is_refused(prefect, sqlalchemy, fastapi):
    installed = {"prefect": prefect, "sqlalchemy": sqlalchemy, "fastapi": fastapi}

    with pytest.raises(VersionsIncompatible, match=f"prefect {prefect} does not work"):
        check_versions(installed)


@pytest.mark.parametrize(
    ("prefect", "sqlalchemy"), [("3.9.1", "2.1.9"), ("3.8.8", "2.0.44")]
)
def test_pairs_that_work_are_accepted(prefect, sqlalchemy):
    check_versions({"prefect": prefect, "sqlalchemy": sqlalchemy, "fastapi": "0.150.0"})


def test_what_is_installed_works_together():
    check_versions()
