"""A server of our own is called where it listens, and a Secret block of it is read."""

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from engine.errors import SettingsInvalid
from tasks.config.settings import Settings
from tasks.orchestration.prefect_server import api_at, free_port
from tasks.orchestration.secrets import with_token
from tests.tasks.building import HIDDEN


@pytest.mark.parametrize(
    ("host", "called"),
    [
        ("127.0.0.1", "http://127.0.0.1:4200/api"),
        ("192.168.1.5", "http://192.168.1.5:4200/api"),
        ("::1", "http://[::1]:4200/api"),
        ("::", "http://[::1]:4200/api"),
        ("0.0.0.0", "http://127.0.0.1:4200/api"),  # noqa: S104 (nobody listens)
    ],
)
def test_a_server_is_called_where_it_listens(host, called):
    assert api_at(host, 4200) == called


def settings(token):
    return Settings(plex_url="http://host:32400", plex_token=token)


def test_a_token_that_is_one_stays():
    plain = settings(HIDDEN)

    assert with_token(plain) is plain


def test_a_secret_block_without_a_server_that_answers_is_said():
    nowhere = f"http://127.0.0.1:{free_port()}/api"
    for api, said in (
        (None, "'plex-token', but no Prefect server is configured"),
        (nowhere, f"'plex-token', but {nowhere} gave no usable answer"),
    ):
        with (
            temporary_settings({PREFECT_API_URL: api}),
            pytest.raises(SettingsInvalid, match=said),
        ):
            with_token(settings("prefect-secret:plex-token"))
