"""The command line answers at once: what takes long to import waits to be needed."""

import subprocess
import sys

HEAVY = {"scipy", "matplotlib", "prefect", "sqlalchemy", "plexapi"}
HELP = """
import sys
from typer.testing import CliRunner
from flows.cli import main as cli
CliRunner().invoke(cli.app, ["--help"])
print(*{name.partition(".")[0] for name in sys.modules})
"""


def test_help_imports_nothing_that_takes_long():
    ran = subprocess.run(
        [sys.executable, "-c", HELP], capture_output=True, text=True, check=True
    )

    assert HEAVY & set(ran.stdout.split()) == set()
