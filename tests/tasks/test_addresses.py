"""What people type or paste becomes an address; no refusal shows a part of it."""

import pytest

from tasks.config.addresses import normalize_url
from tasks.config.redaction import redact_url

SECRET = "s3same-0pen"  # noqa: S105 (made up)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("plex.local", "http://plex.local:32400"),
        ("http://10.0.0.2/", "http://10.0.0.2:32400"),
        ("10.0.0.2:80/", "http://10.0.0.2:80"),
        ("  http://10.0.0.2:32400\t\n", "http://10.0.0.2:32400"),
        ("HTTP://PLEX.Local:32400", "http://plex.local:32400"),
        ("http:/10.0.0.2", "http://10.0.0.2:32400"),
        ("//10.0.0.2:32400", "http://10.0.0.2:32400"),
        ("http://10.0.0.2:32400/web", "http://10.0.0.2:32400"),
        ("http://10.0.0.2:32400/web/index.html#!/", "http://10.0.0.2:32400"),
        ("10.0.0.2/web/index.html#!/media/1?key=2", "http://10.0.0.2:32400"),
        ("[::1]", "http://[::1]:32400"),
        ("https://plex.example.org", "https://plex.example.org"),
        ("http://example.org/plex/", "http://example.org/plex"),
        ("https://example.org/plex/web/index.html", "https://example.org/plex"),
        ("http://example.org/website", "http://example.org/website"),
        ("http://me:pass@host", "http://me:pass@host:32400"),
        ("me:pass@host:1", "http://me:pass@host:1"),
    ],
)
def test_what_people_leave_out_of_an_address_is_added(typed: str, meant: str) -> None:
    assert normalize_url(typed) == meant
    assert normalize_url(meant) == meant


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "missing"),
        ("  ", "missing"),
        ("ftp://host", "not an http"),
        ("http://", "not an http"),
        ("http://host:0", "not an http"),
        ("http://host:99999", "not an http"),
        ("http://ho st", "not an http"),
        ("http://host\n:32400", "not an http"),
        ("http://ho\u200bst", "not an http"),
        ("http://host|", "not an http"),
        ("::1", "not an http"),
        ("http://host:32400/?x=1", r"a \? or #"),
        ("http://host:32400/#x", r"a \? or #"),
        ("https://app.plex.tv/desktop/#!/", "Plex's website"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(typed: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        normalize_url(typed)


@pytest.mark.parametrize(
    "pasted",
    [
        f"http://host:32400/?X-Plex-Token={SECRET}",
        f"host:32400/library/sections?X-Plex-Token={SECRET}",
        f"http://host:32400/web/index.html#!/?X-Plex-Token={SECRET}",
        f"http://host:32400&X-Plex-Token={SECRET}",
        f"http://host:32400/?token={SECRET}",
        f"host?X-Plex-Token={SECRET}@x",
    ],
)
def test_a_token_in_an_address_belongs_elsewhere(pasted: str) -> None:
    with pytest.raises(ValueError, match="belongs in PLEX_TOKEN only") as refusal:
        normalize_url(pasted)

    assert SECRET not in str(refusal.value)
    assert SECRET not in redact_url(pasted)


@pytest.mark.parametrize(
    "url",
    [
        f"http://me:{SECRET}@host",
        f"me:{SECRET}@host:32400",
        f"{SECRET}@host:32400",
        f"http:/me:{SECRET}@host",
        f"  http://me:{SECRET}@host",
        f"http://me:{SECRET}/more@host",
        f"http://me:{SECRET}?more@host",
        f"http://me:{SECRET}#more@host",
        f"http://me:more?{SECRET}@host",
        f"http://me:more#{SECRET}@host",
        f"http://me:more@{SECRET}@host",
        f"http://me:{SECRET} more@host",
        f"ftp://me:{SECRET}@host",
        f"http://host/?X-Plex-Token={SECRET}@x",
        f"http://host/?X-Plex-Token=x@{SECRET}",
    ],
)
def test_no_address_is_shown_or_refused_with_its_secret(url: str) -> None:
    try:
        normalize_url(url)
    except ValueError as refusal:
        assert SECRET not in str(refusal)  # noqa: PT017 (not every one is refused)

    assert SECRET not in redact_url(url)


def test_a_password_that_breaks_an_address_is_explained() -> None:
    with pytest.raises(ValueError, match=r"write / \? # @ as %2F %3F %23 %40"):
        normalize_url("http://me:p#ss@host")
