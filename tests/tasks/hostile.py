"""Answers that no healthy Plex gives: endless, dribbling, or larger than they look."""

import gzip
import time
from http.server import BaseHTTPRequestHandler

from tests.tasks.http_answers import send

MIB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=utf-8\r\n"
BOMB = gzip.compress(gzip.compress(b"x" * (100 * MIB)) * 100)
ELEMENTS = gzip.compress(b"<a>" + b"<b/>" * (15 * MIB) + b"</a>", 1)


def _dribble(handler: BaseHTTPRequestHandler, what: bytes, pause: float = 1) -> None:
    for byte in what:
        handler.wfile.write(bytes([byte]))
        time.sleep(pause)


def dribble(handler: BaseHTTPRequestHandler) -> None:
    """Send one byte a second, the status line included."""
    _dribble(handler, HEAD)


def dribble_body(handler: BaseHTTPRequestHandler) -> None:
    """Send the headers at once, and the body one byte a second."""
    handler.wfile.write(HEAD + b"Content-Length: 1000\r\n\r\n")
    _dribble(handler, b"<" * 1000)


def dribble_quickly(handler: BaseHTTPRequestHandler) -> None:
    """Send ten bytes a second: never silent, and never done."""
    handler.wfile.write(HEAD + b"Content-Length: 1000\r\n\r\n")
    _dribble(handler, b"<" * 1000, 0.1)


def ask_for_patience(handler: BaseHTTPRequestHandler) -> None:
    """Say for ever that an answer is to come."""
    while True:
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.01)


def flood(handler: BaseHTTPRequestHandler) -> None:
    """Send 10 GB."""
    handler.wfile.write(HEAD + b"Content-Length: %d\r\n\r\n" % 10**10)
    for _ in range(10**10 // MIB):
        handler.wfile.write(b"x" * MIB)


def flood_in_chunks(handler: BaseHTTPRequestHandler) -> None:
    """Send 10 GB without saying so beforehand, and as an error."""
    head = HEAD.replace(b"200 OK", b"500 Error")
    handler.wfile.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
    for _ in range(10**10 // MIB):
        handler.wfile.write(b"%x\r\n" % MIB + b"x" * MIB + b"\r\n")


def gzip_bomb(handler: BaseHTTPRequestHandler) -> None:
    """Send a few kilobytes that become ten gigabytes: gzip within gzip."""
    send(handler, BOMB, Content_Encoding="gzip, gzip")


def element_bomb(handler: BaseHTTPRequestHandler) -> None:
    """Send sixty megabytes of the shortest elements."""
    send(handler, ELEMENTS, Content_Encoding="gzip")


def entity_bomb(handler: BaseHTTPRequestHandler) -> None:
    """Send entities that contain each other."""
    levels = "".join(
        f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' if n else '<!ENTITY e0 "ha">'
        for n in range(12)
    )
    send(handler, f"<!DOCTYPE a [{levels}]><a>&e11;</a>")


def deep(handler: BaseHTTPRequestHandler) -> None:
    """Send elements that contain each other, 400,000 deep."""
    send(handler, b"<a>" * 400_000 + b"</a>" * 400_000)
