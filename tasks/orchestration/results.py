"""What Prefect keeps of a run's steps: values of ours as JSON, in a folder a run.

A stored result says itself how it is to be read. So a record is checked before any
part of it is interpreted: one that names another serializer, such as pickle, could
run any code in the process that loads it.
"""

import base64
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from prefect import runtime
from prefect.filesystems import LocalFileSystem, WritableFileSystem
from prefect.results import get_default_result_storage, get_result_store
from prefect.serializers import Serializer
from pydantic import Field

from engine.classic import Phase
from engine.errors import ResultRefused
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates
from engine.reports.run_report import LetterResult
from tasks.orchestration.artifacts import PrefectReporter

FOLDER = "plexbayes"
"""Below Prefect's folder of results, which other programs use as well."""
TYPE = "plexbayes-json"
"""How a stored result names its serializer."""
RECORDS: Mapping[str, Any] = {
    kind.__name__: kind for kind in (PhasePlan, Estimates, LetterResult)
}
"""The only classes that are ever built from a stored result."""
KINDS = "biuf"
"""Kinds of NumPy numbers that are stored: truth values, integers, floats."""
UNREADABLE = (AttributeError, KeyError, RecursionError, TypeError, ValueError)


class ResultSerializer(Serializer):
    """Stores plans, results of letters and errors as JSON, exact to the last bit."""

    type: str = Field(default=TYPE, frozen=True)

    def dumps(self, obj: object) -> bytes:
        """Return a value as JSON.

        Raises:
            TypeError: It is of none of the types that are stored.
        """
        return json.dumps(_encoded(obj)).encode()

    def loads(self, blob: bytes) -> object:
        """Return the value that was stored, equal to the last bit.

        Raises:
            ResultRefused: It is no value that this class stores.
        """
        try:
            return _decoded(json.loads(blob))
        except UNREADABLE as error:
            raise ResultRefused(f"not readable ({type(error).__name__})") from None


def _encoded(value: object) -> object:
    if isinstance(value, np.ndarray):
        return _encoded_array(value)
    if isinstance(value, Phase):
        return {"is": "Phase", "value": int(value)}
    if isinstance(value, BaseException):
        return {"is": "error", "name": type(value).__name__, "message": str(value)}
    name = type(value).__name__
    if RECORDS.get(name) is type(value):
        own = [field.name for field in fields(RECORDS[name])]
        return {"is": name, "fields": {f: _encoded(getattr(value, f)) for f in own}}
    if value is None or type(value) in {bool, int, float, str}:
        return value
    raise TypeError(f"A result may not hold a {name}.")


def _encoded_array(array: NDArray[Any]) -> dict[str, Any]:
    if array.dtype.kind in KINDS:
        data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        kind = {"is": "array", "dtype": array.dtype.str, "shape": array.shape}
        return kind | {"data": data}
    texts = array.tolist()
    if array.ndim != 1 or not all(type(text) is str for text in texts):
        raise TypeError("A result may hold arrays of numbers or of texts.")
    return {"is": "texts", "data": texts}


def _decoded(document: object) -> object:
    if isinstance(document, list):
        raise TypeError("no list is stored")
    if not isinstance(document, dict):
        return document
    match document["is"]:
        case "array":
            dtype = np.dtype(str(document["dtype"]))
            if dtype.kind not in KINDS:
                raise TypeError("no numbers")
            data = base64.b64decode(document["data"], validate=True)
            return np.frombuffer(data, dtype).reshape(document["shape"]).copy()
        case "texts":
            return np.array([str(text) for text in document["data"]], object)
        case "Phase":
            return Phase(document["value"])
        case "error":
            return RuntimeError(f"{document['name']}: {document['message']}")
    kind = RECORDS[document["is"]]
    values = {name: _decoded(value) for name, value in document["fields"].items()}
    return kind(**values)


def checked_record(content: bytes) -> bytes:
    """Return a stored record if this program wrote it, spelled unambiguously.

    Args:
        content: A result and its metadata, as Prefect stores them.

    Raises:
        ResultRefused: It names another serializer, or is no such record.
    """
    try:
        record = json.loads(content)
        serializer = record["metadata"]["serializer"]
        is_whole = record.keys() == {"metadata", "result"}
        is_text = isinstance(record["result"], str)
    except UNREADABLE:
        raise ResultRefused("not a record of this program") from None
    if serializer != {"type": TYPE}:
        kind = serializer.get("type") if isinstance(serializer, dict) else serializer
        raise ResultRefused(f"written by the serializer {str(kind)[:40]!r}")
    if not (is_whole and is_text):
        raise ResultRefused("not a record of this program")
    # Prefect parses what was checked, not what another parser may read into it.
    return json.dumps(record).encode()


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
    """Yield every run of which something is kept here, and since which epoch second."""
    root = results_root()
    for folder in root.iterdir() if root is not None and root.is_dir() else ():
        with suppress(ValueError, FileNotFoundError):
            yield UUID(folder.name), folder.stat().st_mtime
