"""What Plex's webhook sends, told in a few words."""

import json
from typing import Any


def payload(**facts: Any) -> str:
    """Return the payload of a track that the owner rated; a fact None is left out.

    Facts are those of the item; `event`, `account`, `name`, `server`, `user` and
    `owner` stand above it.
    """
    item = {
        "librarySectionType": "artist",
        "ratingKey": "33",
        "parentRatingKey": "22",
        "grandparentRatingKey": "11",
        "guid": "plex://track/33",
        "librarySectionID": 1,
        "type": "track",
        "title": "Tiger",
        "grandparentTitle": "Abba",
        "userRating": 8.0,
        "lastRatedAt": 1770000000,
    }
    above = {
        "event": facts.pop("event", "media.rate"),
        "rating": 8.0,
        "user": facts.pop("user", True),
        "owner": facts.pop("owner", True),
        "Account": {"id": facts.pop("account", 1), "title": facts.pop("name", "elan")},
        "Server": {"title": "Home", "uuid": facts.pop("server", "server")},
        "Player": {"local": True, "title": "Plexamp"},
    }
    known = {name: fact for name, fact in (item | facts).items() if fact is not None}
    return json.dumps(above | {"Metadata": known})


def form(
    text: str | bytes,
    *,
    name: str = "payload",
    closed: bool = True,
    file: str = "",
    picture: bytes = b"\xff\xd8\xff",
) -> bytes:
    """Return a multipart body with one field and, as Plex sends it, a picture.

    Newer servers give the field a file name, too.
    """
    value = text if isinstance(text, bytes) else text.encode()
    named = f'; filename="{file}"' if file else ""
    disposition = f'form-data; name="{name}"{named}'.encode()
    head = b"--b\r\nContent-Disposition: %s\r\n" % disposition
    picture = (
        b'\r\n--b\r\nContent-Disposition: form-data; name="thumb"; filename="t.jpg"'
        b"\r\nContent-Type: image/jpeg\r\n\r\n" + picture
    )
    body = head + b"Content-Type: application/json\r\n\r\n" + value + picture
    return body + b"\r\n--b--\r\n" if closed else body


MULTIPART = "multipart/form-data; boundary=b"
