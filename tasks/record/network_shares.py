"""What kind of disk a file is on."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

import psutil

NETWORK = frozenset(
    [
        "9p",
        "afpfs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.sshfs",
        "glusterfs",
        "nfs",
        "nfs4",
        "smb2",
        "smb3",
        "smbfs",
        "virtiofs",
        "webdav",
    ]
)
"""Types of file systems that other machines may write to at the same time."""


class Mount(Protocol):
    """A file system and where it is mounted, as psutil tells."""

    mountpoint: str
    fstype: str
    opts: str


def is_on_network_share(file: Path, mounts: Iterable[Mount] | None = None) -> bool:
    """Say whether a file is, or would be, on another machine's disk.

    Args:
        file: The file; only its folder needs to exist.
        mounts: All file systems; None: those of this machine.
    """
    folder = file.absolute().parent.resolve()
    if str(folder).startswith(("\\\\", "//")):  # a UNC path, as on Windows
        return True
    if mounts is None:
        mounts = psutil.disk_partitions(all=True)
    above = [mount for mount in mounts if folder.is_relative_to(mount.mountpoint)]
    nearest = max(above, key=lambda mount: len(mount.mountpoint), default=None)
    if nearest is None:
        return False
    return nearest.fstype.lower() in NETWORK or "remote" in nearest.opts.split(",")
