"""Writes XML."""

import re
import struct
from collections.abc import Iterable, Mapping

_SPECIAL = re.compile('[&<>"\n\r\t]')
_ESCAPES = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "\n": "&#10;",
    "\r": "&#13;",
    "\t": "&#9;",
}

Attributes = Mapping[str, object]


class Verbatim(str):
    """The source text of an attribute, written as it is: `&#4;` stays `&#4;`."""

    __slots__ = ()


def element(name: str, attributes: Attributes, body: str = "") -> str:
    """Return an element; attributes that are None are left out."""
    texts = {
        key: v if isinstance(v, str) else str(v)
        for key, v in attributes.items()
        if v is not None
    }
    # One search for the whole element: most need no escaping at all.
    if _SPECIAL.search("".join(texts.values())):
        texts = {key: escape(text) for key, text in texts.items()}
    shown = "".join([f' {key}="{text}"' for key, text in texts.items()])
    return f"<{name}{shown}>{body}</{name}>" if body else f"<{name}{shown}/>"


def escape(text: str) -> str:
    """Return text fit for an attribute; control characters stay as they are."""
    if isinstance(text, Verbatim):
        return text
    return _SPECIAL.sub(lambda match: _ESCAPES[match[0]], text)


def container(attributes: Attributes, children: Iterable[str]) -> bytes:
    """Return a whole document."""
    body = "\n".join(children)
    root = element("MediaContainer", attributes, body)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n'.encode()


def write_points(points: float | None, mode: str) -> str | None:
    """Return a rating as the server writes it."""
    if points is None:
        return None
    if mode == "float32":
        return repr(struct.unpack("f", struct.pack("f", points))[0])
    return f"{points:.1f}" if mode == "one-decimal" else repr(float(points))
