"""Throws what a fuzzer thinks of at a door: python -m tests.fuzzing DOOR HOW SECONDS.

HOW is `bytes`, which bends true documents byte by byte, or `words`, which puts
together what is nearly right.
"""

import json
import sys
import tempfile
from pathlib import Path

import atheris
from hypothesis import given

with atheris.instrument_imports(
    include=["engine", "tasks", "tests.simulator", "json", "csv", "plexapi"]
):
    from tests.fuzzing.entry_points import COLUMNS, DOORS, NEARLY_RIGHT
from tests.simulator.process import Simulator
from tests.tasks.test_settings import ORIGINAL

LONGEST = 4096
"""Bytes of what is thrown."""


def seeds(door: str) -> list[bytes]:
    """Return what a door is made for, to begin with."""
    if door == "config":
        filled = ORIGINAL | {"PLEX_URL": "http://host:32400", "PLEX_TOKEN": "a-token"}
        return [json.dumps(ORIGINAL).encode(), json.dumps(filled).encode()]
    if door == "state":
        flat = {"7": 7.5, "8": {"r": 6.1, "t": 2}}
        whole = {"version": "1.2", "library_uuid": "u", "ratings": flat}
        return [json.dumps(flat).encode(), json.dumps(whole).encode()]
    if door == "csv":
        return [",".join(COLUMNS).encode() + b"\nA,B,C,,Rock,1999,1,1,9,3,0,8,,7\n"]
    return answers()


def answers() -> list[bytes]:
    """Return some true answers of a small Plex."""
    from urllib.request import ProxyHandler, build_opener  # noqa: PLC0415

    opener = build_opener(ProxyHandler({}))
    paths = [f"all?type={level}&X-Plex-Container-Start=0" for level in (8, 9, 10)]
    paths += ["mood?type=10"]
    found = []
    with Simulator.start(synthetic=4) as plex:
        track = plex.dump()["tracks"][0]["ratingKey"]
        wanted = [f"/library/sections/1/{path}" for path in paths]
        for path in [*wanted, f"/library/metadata/{track}", "/library/sections", "/"]:
            mark = "&" if "?" in path else "?"
            size = "&X-Plex-Container-Size=2" if mark == "&" else ""
            url = f"{plex.url}{path}{size}{mark}X-Plex-Token={plex.token}"
            found.append(opener.open(url).read())
    return found


def main() -> None:
    """Fuzz for a while; a crash ends it, and leaves what caused it in a file."""
    door, how, seconds = sys.argv[1:4]
    target = DOORS[door]
    if how == "words":
        target = given(NEARLY_RIGHT[door])(target).hypothesis.fuzz_one_input
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(door) if how == "bytes" else []):
            (Path(folder) / str(number)).write_bytes(seed)
        options = [f"-max_total_time={seconds}", f"-max_len={LONGEST}"]
        options += ["-print_final_stats=1", f"-artifact_prefix=fuzz-{door}-{how}-"]
        atheris.Setup([sys.argv[0], *options, folder], target)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
