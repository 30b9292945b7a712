"""A token in a Prefect Secret block is found, or its lack is said in a sentence."""

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine.errors import SettingsInvalid
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import free_port
from tasks.orchestration.secrets import with_token
from tests.tasks.building import HIDDEN

BLOCK = "prefect-secret:plex-token"


def settings(token):
    return Settings(plex_url="http://host:32400", plex_token=token)


def test_a_token_that_is_one_stays():
    plain = settings(HIDDEN)

    assert with_token(plain) is plain


def test_without_a_server_there_is_no_block():
    with (
        temporary_settings({PREFECT_API_URL: None}),
        pytest.raises(SettingsInvalid, match="'plex-token', but no Prefect server"),
    ):
        with_token(settings(BLOCK))


def test_a_server_that_does_not_answer_is_named():
    nowhere = f"http://127.0.0.1:{free_port()}/api"

    with (
        temporary_settings({PREFECT_API_URL: nowhere}),
        pytest.raises(SettingsInvalid, match=f"{nowhere} gave no usable answer"),
    ):
        with_token(settings(BLOCK))
