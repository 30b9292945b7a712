"""The doctor notices when something has taken the place of our own packages."""

import os
import shutil
import subprocess
import sys
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import pytest

from tasks.commands import health
from tasks.commands.installation import PACKAGES, installation_problems, loaded_packages

ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Install plexbayes as a wheel would be, RECORD and all."""
    site = tmp_path / "site"
    lines = []
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, site / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in sorted(site.rglob("*.py")):
        digest = urlsafe_b64encode(sha256(file.read_bytes()).digest()).decode()
        name = file.relative_to(site).as_posix()
        lines.append(f"{name},sha256={digest.rstrip('=')},{file.stat().st_size}")
    facts = site / "plexbayes-0.1.0.dist-info"
    facts.mkdir()
    (facts / "RECORD").write_text("\n".join(lines))
    (facts / "METADATA").write_text("Name: plexbayes\nVersion: 0.1.0\n")
    return site


def problems_at(site: Path) -> list[str]:
    """Return what is wrong if the packages were loaded from there."""
    loaded = {name: site / name / "__init__.py" for name in PACKAGES}
    installed = PathDistribution(site / "plexbayes-0.1.0.dist-info")
    return installation_problems(installed, loaded)


def test_an_untouched_installation_is_as_it_was_installed(site):
    assert problems_at(site) == []


def test_this_editable_installation_is_as_it_was_installed():
    assert installation_problems(distribution("plexbayes"), loaded_packages()) == []


def test_files_that_another_distribution_overwrote_are_named(site):
    (site / "tasks" / "__init__.py").write_text("# of another distribution")
    (site / "engine" / "classic.py").unlink()

    assert problems_at(site) == [
        "Not as plexbayes installed them: engine/classic.py, tasks/__init__.py."
    ]


def test_a_package_that_was_loaded_from_elsewhere_is_named(site):
    installed = PathDistribution(site / "plexbayes-0.1.0.dist-info")
    loaded = {name: site / name / "__init__.py" for name in PACKAGES}
    elsewhere = site.parent / "tasks.py"

    problems = installation_problems(installed, loaded | {"tasks": elsewhere})

    assert problems == [
        f"The package tasks was loaded from {elsewhere}, not from {site / 'tasks'}."
    ]


def test_the_doctor_finds_packages_that_come_first_on_the_python_path(
    site, monkeypatch
):
    program = "from tasks.commands.installation import *; print(loaded_packages())"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=site.parent,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {name: site / name / "__init__.py" for name in PACKAGES}
    monkeypatch.setattr(health, "loaded_packages", lambda: loaded)

    finding = health.check_installation()

    assert ran.stdout == f"{loaded}\n"
    assert finding.state == "error"
    assert f"was loaded from {loaded['tasks']}" in finding.said
    assert "Unset PYTHONPATH" in finding.advice
