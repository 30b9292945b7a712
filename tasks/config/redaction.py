"""What must never be shown: secrets are redacted wherever this process speaks.

Every log record of every library and every traceback of an error that nobody
caught goes through here, from the moment on that the first secret is known.
Control characters, which a title may contain, are replaced in the same way.
"""

import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType
from urllib.parse import quote, unquote

from engine.plain_text import printable

REDACTED = "<hidden>"
"""What stands where a secret stood."""

SHORTEST = 4
"""Characters; to redact shorter ones would hide half of every text."""

SCHEME = re.compile(r"\s*(?:[a-z][a-z0-9+.-]*://|https?:)?/*", re.IGNORECASE)
"""What an address begins with, if it is complete."""

NOT_SHOWN = re.compile(r"[?#;&]|x-plex-token", re.IGNORECASE)
"""From here on, an address is not shown: it may hold a token."""

IN_QUERY = re.compile(
    r"(?:token|password|passwd|secret|key)=([^&#;\s]+)", re.IGNORECASE
)
"""The secrets in an address, wherever they stand."""

_secrets: set[str] = set()


def register_secret(secret: str) -> None:
    """Let a secret never be shown from now on, in none of its spellings."""
    if len(secret) < SHORTEST:
        return
    if not _secrets:
        _redact_logs_and_tracebacks()
    _secrets.update({secret, quote(secret, safe=""), repr(secret)[1:-1]})


def redact(text: str) -> str:
    """Return a text with every known secret redacted."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    return text


def register_url_secrets(url: str) -> None:
    """Let the password of a URL, and the tokens in its query, never be shown."""
    login = SCHEME.sub("", url, count=1).rpartition("@")[0]
    password = login.partition(":")[2] or ("" if "/" in login else login)
    for secret in (password, *IN_QUERY.findall(url)):
        register_secret(secret)
        register_secret(unquote(secret))


def redact_url(url: str) -> str:
    """Return an address for people: without what logs in, and without a query.

    >>> redact_url("https://me:secret@plex.example/base?X-Plex-Token=secret")
    'https://plex.example/base'
    >>> redact_url("me:se?ret@plex.example")  # where does the password end?
    '<hidden>'
    """
    scheme = SCHEME.match(url)
    begin = scheme[0] if scheme else ""
    kept, *rest = NOT_SHOWN.split(url[len(begin) :], maxsplit=1)
    is_clear = not any("@" in part for part in rest)
    return begin + (kept.rpartition("@")[2] if is_clear else REDACTED)


def _redact_logs_and_tracebacks() -> None:
    """Come between this process and all that it says.

    A filter would only see the records of its own logger; the factory makes all.
    """
    make = logging.getLogRecordFactory()

    def made(*args: object, **facts: object) -> logging.LogRecord:
        record = make(*args, **facts)
        record.msg, record.args = printable(redact(_message(record))), ()
        if record.exc_info and record.exc_info[0]:
            shown = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            record.exc_text, record.exc_info = printable(redact(shown)), None
        return record

    logging.setLogRecordFactory(made)
    sys.excepthook = _tell
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda error: _tell(
            error.exc_type, error.exc_value, error.exc_traceback
        )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        return f"{record.msg} {record.args}"  # a log line must not end a program


def _tell(
    kind: type[BaseException],
    error: BaseException | None,
    trace: TracebackType | None,
) -> None:
    if not issubclass(kind, SystemExit):
        shown = traceback.format_exception(kind, error, trace)
        sys.stderr.write(printable(redact("".join(shown))))


def hide_secrets(
    values: Mapping[str, object], names: Iterable[str], prefix: str
) -> None:
    """Hide what is secret before it is judged: a refusal shows values, too.

    Args:
        values: What a configuration says, by field.
        names: The fields that hold secrets; addresses end in `url`.
        prefix: How the variables of the environment begin that replace them.
    """
    surroundings = {key.upper(): value for key, value in os.environ.items()}
    for name in names:
        for said in (values.get(name), surroundings.get(prefix + name.upper())):
            if isinstance(said, str) and name.endswith("url"):
                register_url_secrets(said)
            elif isinstance(said, str):
                register_secret(said.strip())
