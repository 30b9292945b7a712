"""An import in the wrong place fails the build: each is added, and seen to be found."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = {
    "sqlalchemy": {"tasks.record"},
    "requests": {"tasks.plex"},
    "prefect": {"tasks.orchestration", "flows"},
    "rich": {"flows"},
}
"""What may be imported where only."""


def packages() -> list[str]:
    """Return every sub-package of tasks, and the other two rooms."""
    inside = [path.name for path in (ROOT / "tasks").iterdir() if path.is_dir()]
    return ["engine", "flows", *(f"tasks.{n}" for n in inside if n != "__pycache__")]


def test_an_import_in_the_wrong_package_fails_the_build(tmp_path: Path) -> None:
    for name in ("engine", "flows", "tasks", "tests", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    wrong = []
    for package in packages():
        lines = [f"import {n}" for n, rooms in ROOMS.items() if package not in rooms]
        stray = tmp_path / package.replace(".", "/") / "stray.py"
        stray.write_text("\n".join(lines) + "\n")
        wrong += [(f"{package}.stray", line.split()[1]) for line in lines]

    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    ran = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    said = re.sub(r"\s+", " ", ran.stdout)
    found = set(re.findall(r"([\w.]+\.stray) -> (\w+)", said))
    assert ran.returncode == 1
    assert len(wrong) > 30
    assert [one for one in wrong if one not in found] == []
