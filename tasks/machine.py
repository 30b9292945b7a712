"""What a run takes of the machine: time, threads, disks. A simulation has its own."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil

NETWORK_SHARE = re.compile(
    r"9p|afpfs|ceph|cifs|fuse\.(glusterfs|rclone|sshfs)|glusterfs|nfs4?|"
    r"smb(2|3|fs)|virtiofs|webdav"
)
"""Types of file systems that other machines may write to at the same time."""


@contextmanager
def in_a_thread(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """Do something beside the block; the event that it gets is set at the end."""
    ended = threading.Event()
    run = copy_context().run
    thread = threading.Thread(target=run, args=[work, ended], daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@dataclass(frozen=True)
class Machine:
    """The clocks of a machine, and what it does side by side."""

    now: Callable[[], float] = time.time
    """Epoch seconds, by a clock that may be set."""
    elapsed: Callable[[], float] = time.monotonic
    """Seconds since some moment, by a clock that nobody sets."""
    executor: Callable[[int], Executor] = ThreadPoolExecutor
    """Carries out so many requests at a time."""
    beside: Callable[
        [Callable[[threading.Event], None]], AbstractContextManager[None]
    ] = in_a_thread
    """Does something while a block runs."""

    @property
    def date(self) -> datetime:
        """The date of now, in the zone of this machine."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone()


MACHINE = Machine()
"""The one that this process runs on."""


def is_on_network_share(file: Path) -> bool:
    """Return whether a file is, or would be, on another machine's disk."""
    folder = file.absolute().parent.resolve()
    if str(folder).startswith(("\\\\", "//")):  # a UNC path, as on Windows
        return True
    mounts = psutil.disk_partitions(all=True)
    above = [mount for mount in mounts if folder.is_relative_to(mount.mountpoint)]
    nearest = max(above, key=lambda mount: len(mount.mountpoint), default=None)
    if nearest is None:
        return False
    is_network = NETWORK_SHARE.fullmatch(nearest.fstype.lower()) is not None
    return is_network or "remote" in nearest.opts.split(",")
