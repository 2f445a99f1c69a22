"""Chromium for tests: pages opened in one process, driven by the protocol of its developer tools
over a pipe, so that no port is opened and no library is needed."""

from __future__ import annotations

import base64
import fcntl
import itertools
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
PATIENCE = 60  # seconds that an answer may take


def high(file: int) -> int:
    """The same file by a number that is in nobody's way."""
    found = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 20)
    os.close(file)
    return found


class Browser:
    """A process of Chromium, ended at the end of the block."""

    def __init__(self) -> None:
        self.profile = tempfile.mkdtemp(prefix="browser-")
        # The protocol wants to be read from 3 and written to 4.
        theirs_in, self.out = map(high, os.pipe())
        self.inward, theirs_out = map(high, os.pipe())
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        actions = [
            (os.POSIX_SPAWN_DUP2, theirs_in, 3),
            (os.POSIX_SPAWN_DUP2, theirs_out, 4),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        self.process = os.posix_spawn(CHROMIUM, command, os.environ, file_actions=actions)
        os.close(theirs_in)
        os.close(theirs_out)
        self.numbers = itertools.count(1)
        self.rest = b""
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self.out)
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.inward)
        shutil.rmtree(self.profile, ignore_errors=True)

    def read(self) -> dict[str, Any]:
        while b"\0" not in self.rest:
            more = os.read(self.inward, 1 << 20)
            if not more:
                raise RuntimeError("Chromium has ended")
            self.rest += more
        first, _, self.rest = self.rest.partition(b"\0")
        found: dict[str, Any] = json.loads(first)
        return found

    def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.out, json.dumps(message).encode() + b"\0")
        while True:
            found = self.read()
            if found.get("id") == number:
                if "error" in found:
                    raise RuntimeError(f"{method}: {found['error']}")
                result: dict[str, Any] = found["result"]
                return result
            self.events.append(found)

    def tab(self, width: int = 1280, height: int = 800, features: Sequence[str] = ()) -> Tab:
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        return Tab(self, target, session, width, height, features)


class Tab:
    """One page."""

    def __init__(
        self, browser: Browser, target: str, session: str, width: int, height: int,
        features: Sequence[str],
    ) -> None:  # fmt: skip
        self.browser, self.target, self.session = browser, target, session
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")
        self.resize(width, height)
        self.media(*features)

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.send(method, self.session, **parameters)

    def resize(self, width: int, height: int) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=height,
            deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def media(self, *features: str, kind: str = "") -> None:
        """`prefers-color-scheme:dark` and the like."""
        pairs = [feature.split(":") for feature in features]
        chosen = [{"name": name, "value": value} for name, value in pairs]
        self.send("Emulation.setEmulatedMedia", media=kind, features=chosen)

    def open(self, address: str) -> None:
        self.send("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def until(self, condition: str, seconds: float = PATIENCE) -> None:
        end = time.monotonic() + seconds
        while not self.run(condition):
            if time.monotonic() > end:
                raise TimeoutError(condition)
            time.sleep(0.01)

    def run(self, script: str) -> Any:
        """What an expression comes to; of a promise, what it is kept with."""
        found = self.send(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise AssertionError(json.dumps(found["exceptionDetails"])[:2000])
        return found["result"].get("value")

    def do(self, script: str) -> Any:
        """The same of statements, with `return`."""
        return self.run(f"(async () => {{ {script} }})()")

    def key(self, key: str, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, text=text)

    def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: str, *, whole: bool = False) -> None:
        found = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(found["data"]))

    @property
    def complaints(self) -> list[str]:
        """Errors, refusals of a policy, and requests that go anywhere but to the page's home."""
        self.run("0")
        found = []
        for event in self.browser.events:
            if event.get("sessionId") != self.session:
                continue
            what, about = event["method"], event["params"]
            if what == "Runtime.exceptionThrown":
                found.append(json.dumps(about["exceptionDetails"])[:800])
            if what == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
                found.append(f"{about['entry']['text']} {about['entry'].get('url', '')}")
            if what == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
                found.append(json.dumps(about["args"])[:800])
        return found

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for."""
        self.run("0")
        return [
            event["params"]["request"]["url"]
            for event in self.browser.events
            if event.get("sessionId") == self.session
            and event["method"] == "Network.requestWillBeSent"
        ]

    def close(self) -> None:
        self.browser.send("Target.closeTarget", targetId=self.target)
        self.browser.events.clear()
