"""Requests that `backprop play` has to refuse: of other hosts and sites, at other paths, too long,
no JSON, and programs that want to be run or to become markup."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from typing import NamedTuple

from backprop.serving.server import HOST, LARGEST, Server

HOSTS = (
    "", "localhost:{port}", "evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1",
    "127.0.0.1:{port}.evil.example", "[::1]:{port}", "0.0.0.0:{port}", "127.0.0.1:{port}@evil",
    "2130706433:{port}", "127.1:{port}",
)  # fmt: skip
ORIGINS = (
    "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "file://",
    "http://localhost:{port}", "http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:{port}/",
)  # fmt: skip
PATHS = (
    "/", "//", "/ask", "/page.js", "/{token}", "/{wrong}/", "/{wrong}/ask", "/{token}/../",
    "/{token}/../../etc/passwd", "/{token}/%2e%2e/%2e%2e/etc/passwd", "/{token}//etc/passwd",
    "/{token}/page.py", "/{token}/ask?x=1", "/{token}/page.js/..", "//{token}/page.js",
    "/{token}%00/", "/{upper}/", "/{half}/", "http://evil.example/{token}/", "/{token}/\\..\\..",
    "/{token}/static/x", "/{token}/page.css%00.html", "*", "/{token};/", "/{token}/.",
)  # fmt: skip
BODIES = (
    b"", b"{", b"[]", b"1", b"null", b'"ask"', b"{'ask': 'program'}", b'{"ask": NaN}',
    b'{"ask": 1, "ask": 2}', b'{"ask": Infinity}', b"\xff\xfe{}", b"[" * 5000 + b"]" * 5000,
    b'{"a":' * 200 + b"1" + b"}" * 200, b"ask=program", b"<x/>", b"{} {}", b"\x00", b'{"ask": }',
)  # fmt: skip
METHODS = ("PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "CONNECT", "BREW", "get")
PROGRAMS = (
    "__import__('os').system('touch {file}')", "exec('open(\"{file}\", \"w\")')",
    "eval('1')", "open('{file}', 'w')", "().__class__.__bases__[0]",
    "import os\nos.system('touch {file}')", "import subprocess\nsubprocess.run(['touch', '{file}'])",
    "from os import system\nsystem('touch {file}')", "def f(x):\n    open('{file}', 'w')\n    return x",
    "import numpy as np\ndef f(x):\n    return np.load('/etc/passwd')",
    "def f(x):\n    return __builtins__['open']('/etc/passwd')",
    "lambda: 0", "x.__class__", "'<script>alert(1)</script>'", "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "x = \"</script>\"", "javascript:alert(1)", "{{7*7}}", "${{7*7}}",
    "import pickle\npickle.loads(b'')", "@{file}", "x + @/etc/passwd",
)  # fmt: skip


class Request(NamedTuple):
    what: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""


def requests(server: Server, count: int, file: str) -> Iterator[Request]:
    """So many of all kinds, by dice that always fall alike."""
    dice = random.Random(23)
    port, token = server.server_address[1], server.token
    names = {"port": port, "token": token, "wrong": token[::-1], "upper": token.swapcase(),
             "half": token[:16], "file": file}  # fmt: skip
    host = ("Host", server.host)
    origin = ("Origin", f"http://{server.host}")
    kind = ("Content-Type", "application/json")
    good = json.dumps({"ask": "program", "text": "x*y"}).encode()
    ask = f"/{token}/ask"

    def length(body: bytes) -> tuple[str, str]:
        return ("Content-Length", str(len(body)))

    for number in range(count):
        which = number % 8
        if which == 0:
            wrong = dice.choice(HOSTS).format(**names)
            method, path = dice.choice(
                [("GET", f"/{token}/"), ("POST", ask), ("GET", f"/{token}/page.js")]
            )
            body = good if method == "POST" else b""
            doubled = dice.random() < 0.2
            hosts = (("Host", wrong), host) if doubled else (("Host", wrong),) if wrong else ()
            yield Request("host", method, path, (*hosts, origin, kind, length(body)), body)
        elif which == 1:
            wrong = dice.choice(ORIGINS).format(**names)
            method, path = dice.choice([("GET", f"/{token}/"), ("POST", ask)])
            body = good if method == "POST" else b""
            yield Request(
                "origin", method, path, (host, ("Origin", wrong), kind, length(body)), body
            )
        elif which == 2:
            path = dice.choice(PATHS).format(**names)
            method = dice.choice(["GET", "POST"])
            body = good if method == "POST" else b""
            if method == "POST" and path == ask:
                continue
            yield Request("path", method, path, (host, origin, kind, length(body)), body)
        elif which == 3:
            size = dice.choice([LARGEST + 1, 10**8, 10**12, -1])
            said = dice.choice([str(size), "1e3", "", "0x10", "5, 5", "9" * 400])
            headers: tuple[tuple[str, str], ...] = (("Content-Length", said),)
            if dice.random() < 0.3:
                headers = (("Transfer-Encoding", "chunked"),)
            yield Request("size", "POST", ask, (host, origin, kind, *headers), b"{}")
        elif which == 4:
            body = dice.choice(BODIES)
            yield Request("json", "POST", ask, (host, origin, kind, length(body)), body)
        elif which == 5:
            other = dice.choice(["text/plain", "application/x-www-form-urlencoded",
                                 "multipart/form-data", "text/html", "", "application/jsonp"])  # fmt: skip
            yield Request(
                "type", "POST", ask, (host, origin, ("Content-Type", other), length(good)), good
            )
        elif which == 6:
            method = dice.choice(METHODS)
            yield Request(
                "method",
                method,
                dice.choice([ask, f"/{token}/"]),
                (host, origin, kind, length(b"")),
            )
        else:
            text = dice.choice(PROGRAMS).format(**names)
            what = dice.choice(
                ["program", "points", "page", "explanation", "code", "nothing", "../x"]
            )
            question = {"ask": what, "text": text, "points": [[1]], "names": ["x"]}
            body = json.dumps(question).encode()
            yield Request("script", "POST", ask, (host, origin, kind, length(body)), body)


def sent(server: Server, request: Request) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes back; status 0 if the server says nothing."""
    lines = [f"{request.method} {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in (*request.headers, ("Connection", "close"))]
    with socket.create_connection((HOST, server.server_address[1]), timeout=30) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode("utf-8") + request.body)
        found = b""
        try:
            while more := line.recv(65536):
                found += more
        except ConnectionResetError:
            pass
    head, _, body = found.partition(b"\r\n\r\n")
    first, *others = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in others)}
    return int(first.split()[1]) if first else 0, headers, body


def refused(request: Request, status: int, headers: dict[str, str], body: bytes) -> bool:
    """Was it turned away, in a line that repeats nothing of it and that no browser takes for a
    page? A program that can't be read is refused by an answer that says so."""
    if headers and "default-src 'none'" not in headers.get("content-security-policy", ""):
        return False
    if request.what == "script" and status == 200:
        plain = headers["content-type"].startswith("application/json")
        return (
            plain and headers["x-content-type-options"] == "nosniff" and "error" in json.loads(body)
        )
    return status == 0 or (400 <= status < 600 and b"<" not in body and len(body) < 100)
