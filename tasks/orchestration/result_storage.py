"""Where Prefect keeps what a run has done: a folder a run, read with suspicion."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import cast
from uuid import UUID

from prefect import runtime
from prefect.filesystems import LocalFileSystem, WritableFileSystem
from prefect.results import get_default_result_storage, get_result_store

from engine.errors import ResultRefused
from tasks.orchestration.artifacts import PrefectReporter
from tasks.orchestration.result_serializer import checked_record

FOLDER = "plexbayes"
"""Below Prefect's folder of results, which other programs use as well."""


class CheckedStorage(WritableFileSystem):
    """Reads nothing that this program did not write: see `checked_record`."""

    _block_type_name = "plexbayes results"
    storage: WritableFileSystem
    """Where the records are."""

    def read_path(self, path: str, **how: bool) -> bytes:  # type: ignore[override]
        """Return a record.

        Raises:
            ResultRefused: It is none of ours; Prefect then does the step again.
        """
        try:
            return checked_record(cast("bytes", self.storage.read_path(path, **how)))
        except ResultRefused as reason:
            sentence = f"The stored result {path} is {reason}."
            PrefectReporter().warn(
                f"{sentence} It is not loaded; its step is done again."
            )
            raise ResultRefused(sentence) from None

    async def aread_path(self, path: str) -> bytes:
        """Return a record, as `read_path` does."""
        return self.read_path(path, _sync=True)

    def write_path(self, path: str, content: bytes, **how: bool) -> None:  # type: ignore[override]
        """Keep a record."""
        cast("object", self.storage.write_path(path, content, **how))

    async def awrite_path(self, path: str, content: bytes) -> None:
        """Keep a record."""
        self.write_path(path, content, _sync=True)

    def _resolve_path(self, path: str) -> Path | str | None:
        resolve = getattr(self.storage, "_resolve_path", None)
        return resolve(path) if resolve else None


def use_checked_storage() -> None:
    """Give the current flow run a folder of its own, where every record is checked."""
    storage = _default_storage()
    root = results_root()
    if root is not None:
        storage = LocalFileSystem(basepath=str(root / str(runtime.flow_run.id)))
    checked = CheckedStorage(storage=storage)
    # By this id Prefect names the place in what it sends to the server.
    checked._block_document_id = storage._block_document_id  # noqa: SLF001
    get_result_store().result_storage = checked


def results_root() -> Path | None:
    """Return the folder of all our results; None if Prefect keeps them elsewhere."""
    storage = _default_storage()
    if isinstance(storage, LocalFileSystem) and storage.basepath:
        return Path(storage.basepath).expanduser() / FOLDER
    return None


def _default_storage() -> WritableFileSystem:
    """Return where Prefect is configured to keep results."""
    now = cast("Callable[..., WritableFileSystem]", get_default_result_storage)
    return now(_sync=True)  # never an awaitable


def drop_results(run: UUID) -> None:
    """Delete what is kept of a run, if it is kept on this machine."""
    root = results_root()
    if root is not None:
        with suppress(FileNotFoundError):
            shutil.rmtree(root / str(run))


def runs_with_results() -> Iterator[tuple[UUID, float]]:
    """Yield every run of which something is kept here, and since when it is so.

    The time is in epoch seconds.
    """
    root = results_root()
    for folder in root.iterdir() if root is not None and root.is_dir() else ():
        with suppress(ValueError, FileNotFoundError):
            yield UUID(folder.name), folder.stat().st_mtime
