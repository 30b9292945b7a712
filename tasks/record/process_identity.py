"""Which process on which machine: exactly enough to say whether it still runs."""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

SEPARATOR = "/"
"""Stands between the parts of a place; no host name contains it."""

MAX_HOST_LENGTH = 150
"""Characters of a host name that are kept: a place must fit into its column."""


@dataclass(frozen=True)
class Place:
    """Where process ids mean the same processes.

    Containers may share a host name, and even ids of their processes, without
    seeing each other: then they differ in their PID namespace, or, on different
    machines, in what was noted when the machine was booted.
    """

    host: str
    boot: str
    """Identifies the machine since it was booted; empty if unknown."""
    namespace: str
    """Identifies the PID namespace; empty if unknown, "-" where there are none."""

    @classmethod
    def of_this_process(cls, platform: str = sys.platform) -> "Place":
        """Return where this process runs."""
        host = socket.gethostname().replace(SEPARATOR, "-")[:MAX_HOST_LENGTH]
        if platform == "linux":
            return cls(
                host,
                _text_of(Path("/proc/sys/kernel/random/boot_id")),
                _pid_namespace(),
            )
        # The boot time moves a little with the clock; uncertainty only costs a wait.
        return cls(host, f"{psutil.boot_time() / 60:.0f}", "-")

    @property
    def is_certain(self) -> bool:
        """Whether two processes of the same place surely see each other."""
        return bool(self.boot and self.namespace)


@dataclass(frozen=True)
class ProcessIdentity:
    """A process, told apart from all others, also from later ones with its id."""

    place: Place
    process: int
    started: str
    """Clock ticks from the boot to its start; empty if unknown."""

    @classmethod
    def of_this_process(cls) -> "ProcessIdentity":
        """Return the identity of this process."""
        return cls(Place.of_this_process(), os.getpid(), _start_of("self"))

    @classmethod
    def parse(cls, written: str, process: int) -> "ProcessIdentity":
        """Read what `written` returned; a bare host name leaves the rest unknown."""
        host, boot, namespace, started = (*written.split(SEPARATOR), "", "", "")[:4]
        return cls(Place(host, boot, namespace), process, started)

    @property
    def written(self) -> str:
        """All but the process id, as it stands in one column."""
        place = self.place
        return SEPARATOR.join((place.host, place.boot, place.namespace, self.started))

    def may_live(self, here: Place) -> bool:
        """Return whether the process may still run; only a sure death says no.

        Args:
            here: Where the one who asks runs.
        """
        if self.place != here or not here.is_certain:
            return True
        try:
            is_there = psutil.Process(self.process).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:
            is_there = True
        now_started = _start_of(str(self.process))
        is_other = self.started and now_started and self.started != now_started
        return is_there and not is_other


def _pid_namespace() -> str:
    """Return the PID namespace, or nothing if /proc does not show all of it.

    It may belong to another namespace, or be mounted so that it hides the processes
    of other users; process 1 always runs.
    """
    proc = Path("/proc")
    try:
        shows_all = (proc / "self").readlink().name == str(os.getpid())
        shows_all = shows_all and (proc / "1").exists()
        return str((proc / "self/ns/pid").readlink()) if shows_all else ""
    except OSError:
        return ""


def _start_of(process: str) -> str:
    """Return when a process started; unlike a date, no change of the clock moves it."""
    after_name = _text_of(Path(f"/proc/{process}/stat")).rpartition(")")[2].split()
    return after_name[19] if after_name else ""


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
