# Copyright: (c) 2026, local_llm.lab contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A headless Chromium that opens one file and says what it asked for, complained of, and how wide it came out.

It is spoken to over two pipes (Chromium's `--remote-debugging-pipe`: JSON messages that end in a zero byte).
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
# On a machine that is busy, starting it alone may take a minute.
SECONDS = 240
OPTIONS = (
    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--no-first-run", "--hide-scrollbars",
)  # fmt: skip


def chromium() -> str | None:
    """The program, or None where it is not installed."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One Chromium with one empty profile in `folder`."""

    def __init__(self, folder: Path) -> None:
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        # Chromium reads commands from 3 and writes answers to 4.
        redirected = f'exec "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["bash", "-c", redirected, "bash", str(chromium()), *OPTIONS, f"--user-data-dir={folder}"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        os.close(commands)
        os.close(answers)
        self._watchdog = threading.Timer(SECONDS, self._process.kill)
        self._watchdog.start()
        self._unread, self._last, self.events = b"", 0, list[dict[str, Any]]()
        target = self._command("Target.createTarget", {"url": "about:blank"})["targetId"]
        self._session = None
        self._session = self._command("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.do(f"{domain}.enable")

    _session: str | None = None

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._watchdog.cancel()
        self._process.kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def open(self, page: Path, width: int, height: int, dark: bool = False) -> None:
        """Load a file as on a screen of that size; `events` are then of this page."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.do("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.do("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.do("Page.navigate", url=page.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def value(self, script: str) -> Any:
        """What a script in the page comes to."""
        return self.do("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def picture(self) -> bytes:
        """The screen as PNG."""
        return base64.b64decode(self.do("Page.captureScreenshot", format="png")["data"])

    def requests(self) -> list[str]:
        """Every address the page asked for, its own among them."""
        sent = [event["params"]["request"]["url"] for event in self.events if _is(event, "Network.requestWillBeSent")]
        return list(dict.fromkeys(sent))

    def complaints(self) -> list[str]:
        """What stands in the console: errors, warnings, and what the page's own policy refused."""
        logged = [event["params"]["entry"]["text"] for event in self.events if _is(event, "Log.entryAdded")]
        thrown = [str(event["params"]) for event in self.events if _is(event, "Runtime.exceptionThrown")]
        called = [str(event["params"]["args"]) for event in self.events if _is(event, "Runtime.consoleAPICalled")]
        return [*logged, *thrown, *called]

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._command(method, parameters)

    def _command(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._last:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
            self.events.append(answer)

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            read = os.read(self._from, 1 << 16)
            if not read:
                raise RuntimeError("Chromium ended or took too long")
            self._unread += read
        message, _zero, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(message))


def _is(event: dict[str, Any], method: str) -> bool:
    return event.get("method") == method
