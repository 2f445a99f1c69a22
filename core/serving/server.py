"""The server: one page for this machine alone, at an address that nobody can guess.

What a request must have: the token in its path, this server as its Host, no other Origin, and for
a question JSON of a bounded size. Everything else is refused in a line.
"""

from __future__ import annotations

import hmac
import json
import secrets
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
LARGEST = 262_144  # bytes of a question
DEEPEST = 40  # brackets within brackets in it
PATIENCE = 10  # seconds that a client may take for a request
CONNECTIONS = 24  # at once
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
Ask = Callable[[dict[str, Any]], bytes]


class File:
    """Something that the page is made of, held in memory."""

    def __init__(self, kind: str, text: str) -> None:
        self.kind = f"{kind}; charset=utf-8"
        self.content = text.encode()


class RefusedError(Exception):
    """A request that gets no answer but a status and a line."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int, files: Mapping[str, File], ask: Ask) -> None:
        self.token = secrets.token_urlsafe(24)
        self.files = files
        self.ask = ask
        self.room = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((HOST, port), Handler)

    @property
    def host(self) -> str:
        return f"{HOST}:{self.server_address[1]}"

    @property
    def address(self) -> str:
        return f"http://{self.host}/{self.token}/"

    def process_request(self, request: Any, client_address: Any) -> None:
        """One connection more, if there is room for it."""
        if not self.room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is nobody's business."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self.answer(self.page)

    def do_POST(self) -> None:
        self.answer(self.question)

    def answer(self, found: Callable[[str], File]) -> None:
        try:
            file = found(self.checked())
        except RefusedError as refused:
            self.close_connection = True
            self.reply(refused.status, File("text/plain", f"{refused.why}\n"))
        else:
            self.reply(HTTPStatus.OK, file)

    def reply(self, status: HTTPStatus, file: File) -> None:
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", file.kind)
        self.send_header("Content-Length", str(len(file.content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(file.content)

    def checked(self) -> str:
        """What is asked for, after the token."""
        hosts = self.headers.get_all("Host") or []
        if hosts != [self.server.host]:
            raise RefusedError(HTTPStatus.MISDIRECTED_REQUEST, "this is not the host")
        own = f"http://{self.server.host}"
        origins = self.headers.get_all("Origin") or []
        if any(origin != own for origin in origins) or (self.command == "POST" and not origins):
            raise RefusedError(HTTPStatus.FORBIDDEN, "this is not the origin")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise RefusedError(HTTPStatus.FORBIDDEN, "another site asks")
        asked = self.requestline.split(" ")[1]  # as it was sent: Python tidies self.path
        slash, _, rest = asked.partition("/")
        token, end, name = rest.partition("/")
        given = token.encode("utf-8", "replace")
        if slash or not end or not hmac.compare_digest(given, self.server.token.encode()):
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        return name

    def page(self, name: str) -> File:
        if name not in self.server.files:
            raise RefusedError(HTTPStatus.NOT_FOUND, "there is nothing here")
        return self.server.files[name]

    def question(self, name: str) -> File:
        if name != "ask":
            raise RefusedError(HTTPStatus.NOT_FOUND, "nothing is asked here")
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "a question is JSON")
        found = read_json(self.body())
        file = File("application/json", "")
        file.content = self.server.ask(found)
        return file

    def body(self) -> bytes:
        length = self.headers.get_all("Content-Length") or []
        if "Transfer-Encoding" in self.headers or len(length) != 1 or not length[0].isdecimal():
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "a question says how long it is")
        if len(length[0]) > 9 or int(length[0]) > LARGEST:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "this is too long")
        found = self.rfile.read(int(length[0]))
        if len(found) != int(length[0]):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "the question is cut off")
        return found

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What Python's own class refuses, in our words: it would repeat what it was sent."""
        del message, explain
        self.close_connection = True
        self.reply(HTTPStatus(code), File("text/plain", "this is no request of the page\n"))

    def version_string(self) -> str:
        return "backprop"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  Python calls it so
        """The terminal belongs to the user."""


def read_json(text: bytes) -> dict[str, Any]:
    """An object without doubled keys, constants of no standard, or absurd nesting."""
    if deep(text) > DEEPEST:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "this is nested too deeply")
    try:
        found = json.loads(text.decode(), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "this is not JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "a question is an object")
    return found


def deep(text: bytes) -> int:
    """How deep brackets stand in each other at most, those in strings counted too."""
    depth = most = 0
    for byte in text:
        if byte in b"[{":
            depth += 1
            most = max(most, depth)
        elif byte in b"]}":
            depth -= 1
    return most


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def refuse(name: str) -> None:
    raise ValueError(name)
