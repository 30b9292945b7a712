"""How many of our files does a person have to know who follows a run?

Run `python -m tests.benchmarks.files`: a first run and an undo of it, each with the
files of which it calls a function. `--names` lists them.
"""

import io
import os
import sys
import threading
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import FrameType

from flows.cli.main import main
from tests.benchmarks.home import at_home

ROOT = Path(__file__).parents[2]
ROOMS = tuple(str(ROOT / room) for room in ("engine", "tasks", "flows"))
RUNS = (("infer", "--live"), ("undo", "--live", "--yes"))


def files_called(words: tuple[str, ...]) -> set[str]:
    """Run a command in this process; return our files of which it calls a function."""
    called: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_function = code.co_name != "<module>" and code.co_flags & 2  # not a class
        if event == "call" and is_function and code.co_filename.startswith(ROOMS):
            called.add(str(Path(code.co_filename).relative_to(ROOT)))

    sys.argv = ["plexbayes", *words]
    threading.setprofile(note)
    sys.setprofile(note)
    said = io.StringIO()
    with suppress(SystemExit), redirect_stdout(said), redirect_stderr(said):
        main()
    sys.setprofile(None)
    threading.setprofile(None)  # type: ignore[arg-type]
    return called


def measure(*, names: bool) -> None:
    """Print how many files each run calls, and maybe their names."""
    with at_home(synthetic=400) as listener:
        os.chdir(listener.folder)
        for words in RUNS:
            called = files_called(words)
            print(f"plexbayes {' '.join(words)}: functions of {len(called)} files")
            if names:
                print(*(f"  {name}" for name in sorted(called)), sep="\n")


if __name__ == "__main__":
    measure(names="--names" in sys.argv)
