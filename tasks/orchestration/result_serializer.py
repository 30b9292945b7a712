"""What Prefect keeps of a step, as JSON: only values of ours, never code.

A stored result says itself how it is to be read. So a record is checked before any
part of it is interpreted: one that names another serializer, such as pickle, could
run any code in the process that loads it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prefect.serializers import Serializer
from pydantic import Field

from engine.classic import Phase
from engine.errors import ResultRefused
from engine.estimates import Estimates
from engine.planning.plan import PhasePlan
from engine.reports.run_report import LetterResult

TYPE = "plexbayes-json"
"""How a stored result names its serializer."""
RECORDS: Mapping[str, Any] = {
    kind.__name__: kind for kind in (PhasePlan, Estimates, LetterResult)
}
"""The only classes that are ever built from a stored result."""
KINDS = "biuf"
"""Kinds of NumPy numbers that are stored: truth values, integers, floats."""


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
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            raise ResultRefused(f"not readable ({type(error).__name__})") from None


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
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        raise ResultRefused("not a record of this program") from None
    if serializer != {"type": TYPE}:
        kind = serializer.get("type") if isinstance(serializer, dict) else serializer
        raise ResultRefused(f"written by the serializer {str(kind)[:40]!r}")
    if not (is_whole and is_text):
        raise ResultRefused("not a record of this program")
    # Prefect parses what was checked, not what another parser may read into it.
    return json.dumps(record).encode()


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
        data: Any = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        return {"is": "array", "dtype": array.dtype.str, "shape": array.shape} | {
            "data": data
        }
    texts = array.tolist()
    if array.ndim != 1 or not all(type(text) is str for text in texts):
        raise TypeError("A result may hold arrays of numbers or of texts.")
    return {"is": "texts", "data": texts}


def _decoded(document: object) -> object:
    if not isinstance(document, dict):
        if isinstance(document, list):
            raise TypeError("no list is stored")
        return document
    match document["is"]:
        case "array":
            return _decoded_array(document)
        case "texts":
            return np.array([str(text) for text in document["data"]], object)
        case "Phase":
            return Phase(document["value"])
        case "error":
            return RuntimeError(f"{document['name']}: {document['message']}")
    kind = RECORDS[document["is"]]
    values = {name: _decoded(value) for name, value in document["fields"].items()}
    return kind(**values)


def _decoded_array(document: Mapping[str, Any]) -> NDArray[Any]:
    dtype = np.dtype(str(document["dtype"]))
    if dtype.kind not in KINDS:
        raise TypeError("no numbers")
    data = base64.b64decode(document["data"], validate=True)
    return np.frombuffer(data, dtype).reshape(document["shape"]).copy()
