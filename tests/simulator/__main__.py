"""Starts the simulator as a process of its own, and says where it is."""

import argparse
import gc
import json
import os
import pickle
import signal
import sys
import threading
from pathlib import Path

from tests.simulator.csv_library import CsvInvalid, load_csv
from tests.simulator.fields import BUT_ID
from tests.simulator.options import Latency, Options
from tests.simulator.plex import Plex
from tests.simulator.server import Server
from tests.simulator.synthetic import make_library
from tests.simulator.world import World

ENDINGS = {signal.SIGTERM, signal.SIGINT}


def main() -> None:
    """Serve until told to stop."""
    arguments = _parser().parse_args()
    plex = Plex(_load_world(arguments), _options(arguments))
    server = Server(plex, arguments.port)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    # Blocked in all threads, a signal waits until it is waited for: a handler that
    # set an event could interrupt the very wait whose lock it needs.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)
    if arguments.attached:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    # The library stays as long as the process: nothing to collect, much to search.
    gc.collect()
    gc.freeze()
    serving.start()
    _announce(server)
    signal.sigwait(ENDINGS)
    server.shutdown()
    server.server_close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--library", type=Path, help="a CSV file, maybe gzipped")
    source.add_argument("--synthetic", type=int, help="so many made-up tracks")
    source.add_argument("--restore", type=Path, help="what a killed simulator kept")
    parser.add_argument("--seed", type=int, default=1, help="of the made-up tracks")
    parser.add_argument("--port", type=int, default=0, help="0: any that is free")
    parser.add_argument("--created", type=int, default=1, help="the how manieth time")
    parser.add_argument("--token", default=Options().token, help="of the owner")
    parser.add_argument("--latency", type=json.loads, default={}, help="JSON, in ms")
    parser.add_argument("--url-limit", type=int, default=8190, help="in bytes")
    parser.add_argument("--page-cap", type=int, help="the most items on a page")
    parser.add_argument(
        "--ignored-filters",
        default="",
        help='fields separated by commas, or "all" but id',
    )
    parser.add_argument("--attached", action="store_true", help="end with stdin")
    return parser


def _load_world(arguments: argparse.Namespace) -> World:
    if arguments.restore:
        world: World = pickle.loads(arguments.restore.read_bytes())  # noqa: S301 (our own)
        return world
    world = World(created=arguments.created)
    if arguments.library:
        try:
            return load_csv(world, arguments.library)
        except CsvInvalid as fault:
            sys.exit(f"simulator: {fault}")
    return make_library(world, arguments.synthetic, arguments.seed)


def _options(arguments: argparse.Namespace) -> Options:
    ignored = frozenset(arguments.ignored_filters.split(",")) - {""}
    return Options(
        latency=Latency(**arguments.latency),
        url_limit=arguments.url_limit,
        page_cap=arguments.page_cap,
        ignored_filters=BUT_ID if ignored == {"all"} else ignored,
        token=arguments.token,
    )


def _end_with_stdin() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _announce(server: Server) -> None:
    plex = server.plex
    facts = {
        "url": f"http://127.0.0.1:{server.server_port}",
        "token": plex.options.token,
        "shared_token": plex.options.shared_token,
        "section": plex.world.section,
        "name": plex.world.name,
        **{f"{kind.label}s": len(s) for kind, s in plex.world.views.items()},
    }
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
