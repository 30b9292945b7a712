"""A run without Prefect, as a command of its own: so the race sees what Prefect takes.

Run `python -m tests.benchmarks.plainly` where a config.json is.
"""

from flows.local_runner import launch
from tasks.config.settings import load_settings
from tests.state_machine.plain_runs import infer_plainly

if __name__ == "__main__":
    launch(infer_plainly, load_settings()[0], live=True)
