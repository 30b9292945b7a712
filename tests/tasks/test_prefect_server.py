"""A server of our own is called where it listens."""

import pytest

from tasks.orchestration.prefect_server import api_at


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
