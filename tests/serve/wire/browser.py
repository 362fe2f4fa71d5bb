"""A headless Chromium over its pipe (DevTools protocol), for the tests of the pages: no driver, no package but chromium.

Requests that leave the server under test are refused and counted; what the console says and exceptions are kept."""
import base64
import json
import os
import select
import subprocess
import time


class Browser:
    def __init__(self, program, origin, folder, width=1100, height=1400, dark=False):
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--remote-debugging-pipe", f"--user-data-dir={folder}",
                   f"--window-size={width},{height}", "about:blank"]

        def pipes():  # Chromium reads its descriptor 3 and writes its descriptor 4
            low, high = os.dup(to_read), os.dup(to_write)
            os.dup2(low, 3)
            os.dup2(high, 4)

        self.process = subprocess.Popen(command, preexec_fn=pipes, pass_fds=(3, 4), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.origin, self.rest, self.last, self.session = origin, b"", 0, None
        self.console, self.outside, self.inside = [], [], []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self.call(domain + ".enable")
        self.call("Fetch.enable", patterns=[{"urlPattern": "*"}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def _send(self, method, params):
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        return self.last

    def _receive(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.read_end], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError("the browser says nothing")
            part = os.read(self.read_end, 1 << 16)
            if not part:
                raise EOFError("the browser has ended")
            self.rest += part
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def _event(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            self.console.append(" ".join(str(a.get("value", a.get("description"))) for a in params["args"]))
        elif method == "Runtime.exceptionThrown":
            self.console.append(json.dumps(params["exceptionDetails"]))
        elif method == "Log.entryAdded":
            self.console.append(params["entry"]["text"])
        elif method == "Fetch.requestPaused":
            url = params["request"]["url"]
            if url.startswith(self.origin + "/"):
                self.inside.append(url[len(self.origin):])
                self._send("Fetch.continueRequest", {"requestId": params["requestId"]})
            else:
                self.outside.append(url)
                self._send("Fetch.failRequest", {"requestId": params["requestId"], "errorReason": "BlockedByClient"})

    def call(self, method, **params):
        wanted, until = self._send(method, params), time.monotonic() + 60
        while True:
            message = self._receive(until)
            if message.get("id") == wanted:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]
            self._event(message)

    def run(self, script):
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def soon(self, script):
        """Waits until an expression in the page is true."""
        until = time.monotonic() + 60
        while not self.run(script):
            if time.monotonic() > until:
                raise TimeoutError(f"a minute has passed without: {script}\n{self.run('document.body.innerText')}")
            time.sleep(0.05)

    def open(self, path):
        self.call("Page.navigate", url=self.origin + path)
        self.soon("document.readyState === 'complete' && location.href !== 'about:blank'")

    def shoot(self, path):
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        try:
            self.session = None
            self.call("Browser.close")
        except (OSError, EOFError):
            pass
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
