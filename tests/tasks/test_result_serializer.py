"""Stored results are exact, hold values only, and are checked before they are read."""

import json
import pickle
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from prefect._internal.result_records import ResultRecord, ResultRecordMetadata
from prefect.filesystems import LocalFileSystem
from prefect.serializers import (
    CompressedPickleSerializer,
    JSONSerializer,
    PickleSerializer,
    Serializer,
)

from engine.classic import Phase
from engine.errors import PlexUnreachable, ResultRefused
from engine.planning.plan import PhasePlan
from engine.rating_scale import Estimates
from engine.reports.run_report import LetterResult
from tasks.orchestration.results import TYPE, ResultSerializer, checked_record

OURS = ResultSerializer()
PLAIN = LetterResult(written=3, gone=1)
Numbers = arrays.arrays(
    st.sampled_from((np.float64, np.int64, np.bool_, np.int8)),
    arrays.array_shapes(min_side=0, max_dims=2, max_side=3),
)
Texts = st.lists(st.text()).map(lambda texts: np.array(texts, object))
Counts = st.integers(0, 2**63)


def same(one: object, other: object) -> bool:
    """Return whether two values are equal to the last bit, NaN and type included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        kind = (one.dtype, one.shape) == (other.dtype, other.shape)
        is_text = one.dtype == object
        content = [a.tolist() if is_text else a.tobytes() for a in (one, other)]
        return kind and content[0] == content[1]
    if isinstance(one, PhasePlan | Estimates | LetterResult):
        return all(same(value, vars(other)[name]) for name, value in vars(one).items())
    return one == other


@st.composite
def plans(draw) -> PhasePlan:
    numbers = cycle([draw(Numbers), draw(Numbers), draw(Numbers)])
    return PhasePlan(
        phase=draw(st.sampled_from(Phase)),
        key=next(numbers),
        guid=draw(Texts),
        before=next(numbers),
        after=next(numbers),
        estimates=Estimates(
            **{name: next(numbers) for name in Estimates.__dataclass_fields__}
        ),
        kept=draw(Counts),
        cleared=draw(Counts),
    )


@given(st.one_of(plans(), st.builds(LetterResult, Counts, Counts, Counts, Counts)))
def test_a_stored_result_comes_back_equal_to_the_last_bit(value):
    assert same(OURS.loads(OURS.dumps(value)), value)


@given(plans())
def test_a_whole_record_passes_the_check_and_prefect_reads_it(plan):
    written = record_of(plan, OURS)

    read = ResultRecord.deserialize(checked_record(written))

    assert same(read.result, plan)


@pytest.mark.parametrize("value", [None, True, 0, 7.25, "ä\ud800", float("inf")])
def test_plain_values_are_stored(value):
    assert same(OURS.loads(OURS.dumps(value)), value)


def test_a_loaded_array_can_be_changed():
    assert OURS.loads(OURS.dumps(np.array([1.0, np.nan]))).flags.writeable


def test_an_error_is_stored_by_its_name_and_message():
    error = OURS.loads(OURS.dumps(PlexUnreachable("No answer.")))

    assert isinstance(error, RuntimeError)
    assert str(error) == "PlexUnreachable: No answer."


@pytest.mark.parametrize(
    "value",
    [object(), {"is": "Phase"}, [1], np.array([object()]), np.array(["a"], "S1"), open],
)
def test_other_values_are_not_stored(value):
    with pytest.raises(TypeError):
        OURS.dumps(value)


@pytest.mark.parametrize(
    "document",
    [
        {"is": "subprocess.Popen", "fields": {"args": "ls"}},
        {"is": "LetterResult", "fields": {"written": 1, "more": 2}},
        {"is": "array", "dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="},
        {"is": "array", "dtype": "<f8", "shape": [9], "data": "AAAAAAAAAAA="},
        {"is": "array", "dtype": "no", "shape": [1], "data": ""},
        {"is": "Phase", "value": 9},
        {"__class__": "pathlib.Path", "data": "x"},
        [],
    ],
)
def test_what_is_no_value_of_ours_is_not_built(document):
    with pytest.raises(ResultRefused):
        OURS.loads(json.dumps(document).encode())


def record_of(value: object, serializer: Serializer) -> bytes:
    """Return a record as Prefect writes it."""
    metadata = ResultRecordMetadata(serializer=serializer, storage_key="key")
    return ResultRecord(result=value, metadata=metadata).serialize()


class Payload:
    """Touches a file as soon as it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):  # noqa: D105 (pickle asks for it)
        return (Path.touch, (self.path,))


def without_serializer(record: bytes) -> bytes:
    """Leave the serializer to Prefect, which then takes pickle."""
    document = json.loads(record)
    del document["metadata"]["serializer"]
    return json.dumps(document).encode()


def in_the_old_form(record: bytes) -> bytes:
    """Return a pickled record as Prefect 2 wrote it."""
    document = json.loads(record)
    return json.dumps(
        {"data": document["result"], "serializer": document["metadata"]["serializer"]}
    ).encode()


def named_twice(record: bytes) -> bytes:
    """Name our serializer first, and the one that counts last."""
    document = json.loads(record)
    metadata = document["metadata"]
    first = json.dumps(metadata | {"serializer": {"type": TYPE}})
    last, result = json.dumps(metadata), json.dumps(document["result"])
    return f'{{"metadata":{first},"result":{result},"metadata":{last}}}'.encode()


def pickled(path: Path) -> bytes:
    return record_of(Payload(path), PickleSerializer(picklelib="pickle"))


MALICIOUS = {
    "pickle": pickled,
    "compressed pickle": lambda path: record_of(
        Payload(path), CompressedPickleSerializer()
    ),
    "no serializer": lambda path: without_serializer(pickled(path)),
    "the form of Prefect 2": lambda path: in_the_old_form(pickled(path)),
    "two serializers": lambda path: named_twice(pickled(path)),
}


@pytest.mark.parametrize("make", MALICIOUS.values(), ids=MALICIOUS)
def test_a_malicious_record_runs_code_unless_it_is_checked(make, tmp_path):
    trace = tmp_path / "trace"
    record = make(trace)

    with pytest.raises(ResultRefused):
        ResultRecord.deserialize(checked_record(record))
    assert not trace.exists()

    ResultRecord.deserialize(record)
    assert trace.exists()  # so it was malicious indeed


@pytest.mark.parametrize(
    "serializer",
    [
        JSONSerializer().model_dump(),
        JSONSerializer(object_decoder="builtins.print").model_dump(),
        {"type": TYPE, "jsonlib": "os"},
        {"type": "no-such"},
        "pickle",
        None,
    ],
)
def test_only_our_own_serializer_without_options_is_accepted(serializer):
    document = json.loads(record_of(PLAIN, OURS))
    document["metadata"]["serializer"] = serializer

    with pytest.raises(ResultRefused):
        checked_record(json.dumps(document).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"null",
        pickle.dumps(PLAIN),
        b"[" * 100_000,
        json.dumps({"metadata": {"serializer": {"type": TYPE}}, "result": 1}).encode(),
        json.dumps({"metadata": {"serializer": {"type": TYPE}}}).encode(),
    ],
)
def test_what_is_no_record_is_refused(content):
    with pytest.raises(ResultRefused):
        checked_record(content)


def test_what_is_written_names_our_serializer_only(tmp_path):
    storage = LocalFileSystem(basepath=str(tmp_path))
    storage.write_path("key", record_of(PLAIN, OURS))

    document = json.loads((tmp_path / "key").read_bytes())

    assert document["metadata"]["serializer"] == {"type": TYPE}
    assert json.loads(document["result"])["is"] == "LetterResult"
