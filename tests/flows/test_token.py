"""The token is where its owner keeps it, in a file or a block, and nowhere else."""

import json
from collections.abc import Callable

import httpx
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine.errors import SettingsInvalid
from tasks.config.settings import Settings
from tasks.orchestration.secrets import with_token
from tests.flows.listener import Listener
from tests.simulator.process import Simulator


def keep_in_a_block(prefect_api: str, token: str) -> str:
    """Keep a token in a Prefect Secret block; return what names it."""
    with httpx.Client(base_url=prefect_api) as api:
        kind = api.get("/block_types/slug/secret").json()["id"]
        of_kind = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
        shape = api.post("/block_schemas/filter", json=of_kind).json()[0]["id"]
        block = {"block_type_id": kind, "block_schema_id": shape}
        block |= {"name": "plex-token", "data": {"value": token}}
        api.post("/block_documents/", json=block).raise_for_status()
    return "prefect-secret:plex-token"


@pytest.mark.parametrize("kept_in", ["configuration", "block"])
def test_the_token_is_nowhere_but_where_it_is_kept(
    listener_of: Callable[..., Listener], prefect_api: str, kept_in: str
) -> None:
    with Simulator.start(synthetic=60, token="sEcReT-4711") as plex:  # noqa: S106
        token = plex.token
        is_in_block = kept_in == "block"
        named = keep_in_a_block(prefect_api, token) if is_in_block else token
        listener = listener_of(plex, prefect_api, PLEX_TOKEN=named)
        some = {"method": "PUT", "from": 7, "times": 3}
        plex.faults([{"match": some, "do": "status", "code": 500}])
        ran = listener.run("infer")

    everywhere = [
        path
        for path in listener.folder.rglob("*")
        if path.is_file() and token.encode() in path.read_bytes()
    ]
    filters = {"flow_runs": {"id": {"any_": [ran.summary["run_id"]]}}}
    told = [
        httpx.post(f"{prefect_api}/{kind}/filter", json=question).text
        for kind, question in (
            ("logs", {"logs": {"flow_run_id": {"any_": [ran.summary["run_id"]]}}}),
            ("artifacts", filters),
            ("flow_runs", filters),
            ("task_runs", filters),
            ("block_documents", {}),
        )
    ]
    assert ran.status == 3
    assert everywhere == ([] if is_in_block else [listener.config])
    assert all(len(text) > 100 for text in told[:-1])
    assert not any(token in text for text in [ran.out, ran.err, *told])
    assert json.loads(listener.config.read_text())["PLEX_TOKEN"] == named


def test_a_secret_block_that_is_not_there_is_named(prefect_api: str) -> None:
    named = "prefect-secret:gone"
    settings = Settings(plex_url="http://host", plex_token=named)

    with (
        temporary_settings({PREFECT_API_URL: prefect_api}),
        pytest.raises(SettingsInvalid, match=r"'gone', which .* does not have"),
    ):
        with_token(settings)
