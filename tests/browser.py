# SPDX-License-Identifier: GPL-2.0
"""A headless Chromium, driven through chromedriver's WebDriver protocol."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """with Browser() as browser: ...; nothing is left running or lying around."""

    def __enter__(self):
        self.home = tempfile.mkdtemp(prefix="browser.")
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=dict(os.environ, HOME=self.home, TMPDIR=self.home))
        try:
            port = None
            for line in self.driver.stdout:
                port = re.search(r"started successfully on port (\d+)", line)
                if port:
                    break
            if not port:
                raise RuntimeError("chromedriver does not start")
            self.base = f"http://127.0.0.1:{port[1]}/session"
            options = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000",
                       "--host-resolver-rules=MAP * ~NOTFOUND"]
            if os.getuid() == 0:
                options.append("--no-sandbox")  # refuses to run as root with it
            session = self.call("POST", "", {"capabilities": {"alwaysMatch": {
                "goog:loggingPrefs": {"browser": "ALL"},
                "goog:chromeOptions": {"args": options, "binary": shutil.which("chromium")}}}})
            self.base += "/" + session["sessionId"]
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if self.base.count("/") > 3:
                self.call("DELETE", "")
        except (AttributeError, OSError, RuntimeError):
            pass
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()
        shutil.rmtree(self.home, ignore_errors=True)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method, data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def open(self, url):
        # Only the part after # changed would be no new page.
        self.call("POST", "/url", {"url": "about:blank"})
        self.call("POST", "/url", {"url": url})

    def run(self, script, *args):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(args)})

    def find(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        self.call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def url(self):
        return self.call("GET", "/url")

    def devtools(self, command, **params):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    def complaints(self):
        """What the console says since the last call: JavaScript errors, refused loads."""
        time.sleep(0.1)
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]
