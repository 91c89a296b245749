"""Headless Chromium over its DevTools pipe: one JSON message, one zero byte. It needs no driver and no library."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip
KEYS = {"Enter": "\r", "Escape": "", "ArrowLeft": "", "ArrowRight": "", "ArrowUp": "", "ArrowDown": "", "Tab": "\t"}
CODES = {"Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9}
PATIENCE = 90
_HAND_OVER = "import os, sys; os.dup2({0}, 3); os.dup2({1}, 4); os.execv(sys.argv[1], sys.argv[1:])"
"""It reads messages from descriptor 3 and writes them to 4."""


def found() -> str | None:
    """Where Chromium is."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Chromium:
    """A browser with one page.

    Args:
        folder: Its profile; a new one has compiled nothing yet.
        width, height: Of the window, CSS pixels.

    Attributes:
        console: What pages wrote to the console, and errors that nothing caught.
        asked: Addresses that pages asked for.
    """

    def __init__(self, folder: Path, width: int = 1280, height: int = 900) -> None:
        program = found()
        assert program is not None
        (theirs_in, write), (read, theirs_out) = os.pipe(), os.pipe()
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]  # clear of 3 and 4
        os.close(theirs_in)
        os.close(theirs_out)
        command = [program, *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={folder}", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _HAND_OVER.format(*theirs), *command], pass_fds=theirs,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for end in theirs:
            os.close(end)
        self._read, self._write = read, write
        self._rest, self._number, self._session = b"", 0, ""
        self._loaded = False
        self.console: list[str] = []
        self.asked: list[str] = []
        pages = [one for one in self.send("Target.getTargets")["targetInfos"] if one["type"] == "page"]
        self._session = self.send("Target.attachToTarget", targetId=pages[0]["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **params: Any) -> Any:
        """Ask for something and wait for the answer; see the Chrome DevTools Protocol."""
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            told = self._receive()
            if told.get("id") == self._number:
                assert "error" not in told, f"{method}: {told['error']['message']}"
                return told["result"]

    def open(self, page: Path) -> None:
        """Load a page from disk."""
        self._loaded = False
        self.send("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._receive()

    def state(self, expression: str) -> Any:
        """The value of an expression of the page, promises awaited."""
        told = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def wait(self, expression: str) -> Any:
        """The value of an expression as soon as it is true."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if value := self.state(expression):
                return value
            time.sleep(0.05)
        raise AssertionError(f"not true within {PATIENCE} s: {expression}\n{self.console}")

    def press(self, *keys: str) -> None:
        """Keys by their names, as one would press them, a moment apart."""
        for key in keys:
            about = {"key": key, "windowsVirtualKeyCode": CODES.get(key, 0), "text": KEYS.get(key, key)}
            self.send("Input.dispatchKeyEvent", type="keyDown", **{k: v for k, v in about.items() if v})
            self.send("Input.dispatchKeyEvent", type="keyUp", key=key)
            time.sleep(0.4 if len(key) > 1 else 0.25)

    def click(self, wanted: str) -> None:
        """The middle of an element, by its CSS selector, once figures above it have been drawn and it stands still."""
        element = f"document.querySelector({json.dumps(wanted)})"
        middle = (
            f"(() => {{ {element}.scrollIntoView({{block: 'center', behavior: 'instant'}}); "
            f"const at = {element}.getBoundingClientRect(); return [at.x + at.width / 2, at.y + at.height / 2]; }})()"
        )
        box, before = self.state(middle), None
        while box != before:
            time.sleep(0.3)
            before, box = box, self.state(middle)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
        time.sleep(0.3)

    def picture(self, file: Path) -> None:
        """What the window shows, as PNG."""
        file.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def close(self) -> None:
        """End it."""
        self._session = ""
        self.send("Browser.close")
        os.close(self._write)
        self._process.wait(20)
        os.close(self._read)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._read], [], [], PATIENCE)
            assert ready, f"chromium was silent for {PATIENCE} s"
            more = os.read(self._read, 1 << 20)
            assert more, "chromium has ended"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        told: dict[str, Any] = json.loads(text)
        self._note(told.get("method", ""), told.get("params", {}))
        return told

    def _note(self, event: str, about: dict[str, Any]) -> None:
        if event == "Page.loadEventFired":
            self._loaded = True
        elif event == "Network.requestWillBeSent":
            self.asked.append(about["request"]["url"])
        elif event == "Log.entryAdded":
            self.console.append(about["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.console.append(json.dumps(about["exceptionDetails"]))
        elif event == "Runtime.consoleAPICalled":
            self.console.append(json.dumps(about["args"]))
