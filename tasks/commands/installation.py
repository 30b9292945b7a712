"""Are the packages that run here the ones that plexbayes installed?

Their names are common words: another distribution may install packages of the same
name over them, or a folder on PYTHONPATH may come first.
"""

import csv
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from hashlib import sha256
from importlib import import_module
from importlib.metadata import Distribution, packages_distributions
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit
from urllib.request import url2pathname

PACKAGES = ("engine", "flows", "tasks")

MAX_LISTED = 3
"""How many changed files are named."""


def loaded_packages() -> dict[str, Path]:
    """Return from which file each of our packages was imported."""
    return {name: Path(str(import_module(name).__file__)) for name in PACKAGES}


def installation_problems(
    distribution: Distribution, loaded: Mapping[str, Path]
) -> list[str]:
    """Return in sentences what of plexbayes was replaced by something else.

    `loaded` says from which file each of its packages was imported.
    """
    source = _source_folder(distribution)
    root = source or Path(str(distribution.locate_file("")))
    problems = [
        f"The package {name} was loaded from {file}, not from {root / name}."
        for name, file in loaded.items()
        if file.resolve() != (root / name / "__init__.py").resolve()
    ]
    changed = [] if source else sorted(_changed_files(distribution))
    if changed:
        named = ", ".join(changed[:MAX_LISTED])
        more = f" and {len(changed) - MAX_LISTED} more" * (len(changed) > MAX_LISTED)
        problems.append(f"Not as plexbayes installed them: {named}{more}.")
    if problems and (others := _other_owners()):
        problems.append(f"The same package names are installed by {others}.")
    return problems


def _source_folder(distribution: Distribution) -> Path | None:
    """Return the folder of an editable installation."""
    origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    if not origin.get("dir_info", {}).get("editable"):
        return None
    return Path(url2pathname(urlsplit(origin["url"]).path))


def _changed_files(distribution: Distribution) -> Iterator[str]:
    """Yield the files of our packages whose content is not what was installed.

    `distribution.files` leaves out what is missing, from Python 3.12 on.
    """
    installed = (distribution.read_text("RECORD") or "").splitlines()
    for name, checksum, _size in csv.reader(installed):
        kind, _, expected = checksum.partition("=")
        if PurePosixPath(name).parts[0] in PACKAGES and kind == "sha256":
            place = Path(str(distribution.locate_file(name)))
            content = place.read_bytes() if place.is_file() else b"(missing)"
            digest = urlsafe_b64encode(sha256(content).digest()).decode()
            if digest.rstrip("=") != expected.rstrip("="):
                yield name


def _other_owners() -> str:
    owners = packages_distributions()
    found = {owner for name in PACKAGES for owner in owners.get(name, ())}
    return ", ".join(sorted(found - {"plexbayes"}))
