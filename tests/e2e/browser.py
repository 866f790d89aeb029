# Copyright: Bulkhead contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium, headless, through chromedriver's WebDriver protocol (W3C) and the standard library alone."""

from __future__ import annotations

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The key of an element reference: https://www.w3.org/TR/webdriver2/#elements
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Space": " ", "Shift": "\ue008", "Escape": "\ue00c"}
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1300,1000",
)


class Browser:
    """One session: pages, scripts, keys, and what the console said."""

    def __init__(self, port: int, session: str) -> None:
        self._port, self._session = port, session

    def open(self, address: str) -> None:
        """Load a page from nothing, even where only the fragment differs."""
        self._command("POST", "url", {"url": "about:blank"})
        self._command("POST", "url", {"url": address})

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script's `return` gives."""
        return self._command("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def click(self, selector: str) -> None:
        """Click as a user does: what is covered or hidden cannot be clicked."""
        found = self._command("POST", "element", {"using": "css selector", "value": selector})
        self._command("POST", f"element/{found[_ELEMENT]}/click", {})

    def press(self, *keys: str) -> None:
        """Press keys one after another, by the names in KEYS or as text, wherever the focus is."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self._command("POST", "actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def prefer(self, scheme: str) -> None:
        """Have the system prefer `light` or `dark`."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", {"features": features})

    def complaints(self) -> list[str]:
        """What the console said since the last call, debug messages left out."""
        entries = self._command("POST", "se/log", {"type": "browser"})
        return [f"{entry['level']}: {entry['message']}" for entry in entries if entry["level"] != "DEBUG"]

    def _devtools(self, name: str, parameters: dict[str, Any]) -> Any:
        return self._command("POST", "goog/cdp/execute", {"cmd": name, "params": parameters})

    def _command(self, method: str, path: str, body: Any) -> Any:
        return _request(self._port, method, f"/session/{self._session}/{path}", body)


def _request(port: int, method: str, path: str, body: Any) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = json.loads(connection.getresponse().read())
    value = answer["value"]
    if isinstance(value, dict) and "error" in value:
        raise AssertionError(f"{method} {path}: {value['error']}: {value.get('message')}")
    return value


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own; both processes end with the block."""
    driver = shutil.which("chromedriver")
    if driver is None:
        raise FileNotFoundError("chromedriver (Debian: chromium-driver)")
    port = _free_port()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process,
    ):
        try:
            _wait(port)
            session = _request(port, "POST", "/session", _capabilities(Path(folder)))["sessionId"]
            yield Browser(port, session)
            _request(port, "DELETE", f"/session/{session}", None)
        finally:
            process.terminate()


def _capabilities(profile: Path) -> dict[str, Any]:
    options = {"args": [*_FLAGS, f"--user-data-dir={profile}"], "binary": shutil.which("chromium")}
    wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    return {"capabilities": {"alwaysMatch": wanted}}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if _request(port, "GET", "/status", None)["ready"]:
                return
        time.sleep(0.1)
    raise TimeoutError("chromedriver is not ready after 30 s")
