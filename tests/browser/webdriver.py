"""A browser driven over the WebDriver protocol, with nothing but Python's own library.

Chromium and its driver come from the system (Debian: `chromium` and `chromium-driver`).
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DRIVERS = ("chromedriver", "/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver")
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


def find(names):
    """The first of these programs that there is."""
    return next((path for path in map(shutil.which, names) if path), None)


def missing():
    """Why no browser can be had; None if one can."""
    if not find(BROWSERS):
        return "there is no chromium"
    if not find(DRIVERS):
        return "there is no chromedriver"
    return None


class Browser:
    """A headless browser with one window."""

    def __init__(self, width=1280, height=900):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.base = f"http://127.0.0.1:{port}"
        self.profile = tempfile.mkdtemp(prefix="spikeloom-browser-")
        self.driver = subprocess.Popen(
            [find(DRIVERS), f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.session = None
        arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
            f"--user-data-dir={self.profile}",
            f"--window-size={width},{height}",
        ]
        options = {"binary": find(BROWSERS), "args": arguments}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        try:
            self._wait_for_driver()
            made = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self.session = made["sessionId"]
        except BaseException:
            self.close()
            raise

    def _wait_for_driver(self):
        for _ in range(300):
            try:
                if self._send("GET", "/status")["ready"]:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise RuntimeError("the driver does not answer")

    def _send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode(errors="replace")[:800]) from None

    def _do(self, path, body=None, method="POST"):
        return self._send(method, f"/session/{self.session}{path}", {} if body is None and method == "POST" else body)

    def open(self, path):
        """Opens a file."""
        self._do("/url", {"url": "file://" + os.path.abspath(path)})

    def run(self, script, *arguments):
        """What a script returns in the page."""
        return self._do("/execute/sync", {"script": script, "args": list(arguments)})

    def devtools(self, command, **parameters):
        """Sends a command of the DevTools protocol."""
        return self._do("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        """Sets the size of what the page is shown in, as a phone's or a desktop's."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def theme(self, name):
        """Prefers `light` or `dark` colours."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.devtools("Emulation.setEmulatedMedia", features=[feature])

    def find(self, selector):
        """The element of a CSS selector."""
        return self._do("/element", {"using": "css selector", "value": selector})[ELEMENT]

    def point_at(self, x, y):
        """Moves the pointer to a place in the window."""
        move = {"type": "pointerMove", "duration": 0, "x": int(x), "y": int(y), "origin": "viewport"}
        pointer = {"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [move]}
        self._do("/actions", {"actions": [pointer]})

    def press(self, *keys):
        """Presses keys, one after the other."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._do("/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})

    def console(self):
        """What the console has said since it was asked last."""
        return self._do("/se/log", {"type": "browser"})

    def screenshot(self, path):
        """Saves what the window shows."""
        with open(path, "wb") as out:
            out.write(base64.b64decode(self._do("/screenshot", method="GET")))

    def close(self):
        """Ends the browser and its driver."""
        try:
            if self.session:
                self._do("", method="DELETE")
        except (OSError, RuntimeError):
            pass
        self.driver.terminate()
        try:
            self.driver.wait(10)
        except subprocess.TimeoutExpired:
            self.driver.kill()
        shutil.rmtree(self.profile, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
