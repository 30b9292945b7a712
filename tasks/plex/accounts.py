"""Whose ratings does a token read and write? As the user says, or as Plex proves."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from engine.errors import PlexRefused
from engine.library import OWNER, OWNER_ACCOUNT, SHARED

UNPROVEN = ("(401)", "(403)", "(404)")
"""Answers to /accounts that do not show a token to be the owner's. It is no wrong
token, since it was just accepted: only the owner may read that page, and older servers
and some proxies do not have it."""


@dataclass(frozen=True)
class Account:
    """Whose ratings are meant."""

    id: str
    """OWNER_ACCOUNT, or SHARED and a name."""
    notice: str = ""
    """A sentence for the user, if Plex leaves open whose they are."""


def account_of(token: str, declared: str, ask: Callable[[], object]) -> Account:
    """Return whose ratings a token reads and writes.

    Args:
        token: One that the server accepts.
        declared: What ACCOUNT says; empty: nothing.
        ask: Reads /accounts.

    Raises:
        PlexRefused: It says neither yes nor no.
        PlexUnreachable: There is no usable answer.
    """
    declared = declared.strip()
    if declared.casefold() == OWNER:
        return Account(OWNER_ACCOUNT)
    if declared:
        return Account(SHARED + declared.removeprefix(SHARED))
    try:
        ask()
    except PlexRefused as refusal:
        status = next((one for one in UNPROVEN if one in str(refusal)), "")
        if not status:
            raise
        # A server tells such an account nothing of itself: only its token does.
        digest = blake2b(token.encode(), digest_size=8).hexdigest()
        return Account(SHARED + digest, _notice(status))
    return Account(OWNER_ACCOUNT)


def _notice(status: str) -> str:
    return (
        f"Plex does not show that this token is the server owner's {status}, so it "
        "is used like that of an account with which the library is shared: ratings "
        "are written one by one, without tags. If it is the owner's, set ACCOUNT to "
        f'"{OWNER}".'
    )
