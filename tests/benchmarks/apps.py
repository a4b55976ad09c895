"""The gate app in Chromium: how large it is, and how fast on a phone six times slower than this machine."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from service_kit.http.pages import policy_of
from tests.benchmarks.feed import Figure
from tests.servers import NoServer
from tests.web import camera
from tests.web.conftest import CHROMIUM, program
from verifier.app import GATE_APP

VECTORS = Path(__file__).parents[1] / "vectors" / "native.json"
SLOWER = 6
"""Times: a cheap phone."""
SCRIPTS_KB, VERDICT_MILLISECONDS, FRAMES_A_SECOND = 60.0, 330.0, 12.0
"""Budgets."""
ROUNDS = 5
_CLOCKED = """
localStorage["gate-speech"] = localStorage["gate-automatic"] = "no";
const [ask, asked] = [Worker.prototype.postMessage, new Map()];
globalThis.frames = 0;
Worker.prototype.postMessage = function (frame, ...given) {
    if (!asked.size) this.addEventListener("message", ({ data }) => {
        if (Array.isArray(data.texts)) globalThis.frames += 1;
        if (Array.isArray(data.texts) && data.texts.length) globalThis.seen ??= asked.get(data.number);
    });
    asked.set(frame.number, performance.now());
    return Reflect.apply(ask, this, [frame, ...given]);
};
new MutationObserver(() => {
    if (document.querySelector("main[data-outcome]")) globalThis.told ??= performance.now();
}).observe(document, { childList: true, subtree: true });
"""
"""Notes when the frame that was read was given to the decoder, and when the verdict stood on the screen."""
_TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm"}


def sizes() -> list[Figure]:
    """What a phone fetches once, as it travels."""
    if not (GATE_APP / "index.html").exists():
        raise NoServer("the apps are not built: make apps")
    files = [path for path in GATE_APP.rglob("*") if path.suffix in _TYPES]
    decoder = [path for path in files if path.name.startswith(("decoder", "zxing"))]
    first = loaded_first(GATE_APP)
    later = [path for path in files if path.suffix == ".js" and path not in {*decoder, *first}]
    return [
        Figure("gate app: scripts of the first load", _kilobytes(first), "kB gzip", SCRIPTS_KB),
        Figure("gate app: scripts that are loaded when needed", _kilobytes(later), "kB gzip"),
        Figure("gate app: the decoder", _kilobytes(decoder), "kB gzip"),
        Figure("gate app: everything", _kilobytes(files), "kB gzip"),
    ]


def loaded_first(app: Path) -> list[Path]:
    """The scripts that a browser loads before an app's first screen, and the service worker beside them."""
    return sorted({*app.glob("*.js"), *_at_once(app / "index.html")})


def _at_once(file: Path) -> set[Path]:
    """The scripts that a file names outright; those that it asks for when they are needed are not among them."""
    named = re.findall(r'(?:src=|from|import)\s*"(\./[^"]+\.js)"', file.read_text())
    found = {(file.parent / name).resolve() for name in named}
    return found.union(*map(_at_once, found)) if found else found


def times(rounds: int = ROUNDS) -> list[Figure]:
    """From a frame of 720p to the verdict on the screen, and frames read a second. Raises NoServer without Chromium."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise NoServer("no Chromium on this machine; on Debian: apt-get install chromium-headless-shell")
    sample = _sample()
    with tempfile.TemporaryDirectory() as folder, _served(sample) as address, sync_playwright() as playwright:
        shown = camera.scene(camera.symbol(sample["text"]))
        code = camera.record(Path(folder) / "code.y4m", [shown], camera.PHONE_RATE)
        wall = camera.record(Path(folder) / "wall.y4m", [camera.scene()], camera.PHONE_RATE)
        with playwright.chromium.launch(**program(path, code)) as browser:
            waits = [_to_verdict(browser, address, sample["at"]) for _ in range(rounds)]
        with playwright.chromium.launch(**program(path, wall)) as browser:
            rate = _frames_a_second(browser, address, sample["at"])
    return [
        Figure(f"frame to verdict, CPU {SLOWER} times slower", statistics.median(waits), "ms", VERDICT_MILLISECONDS),
        Figure(f"frames read a second, CPU {SLOWER} times slower", rate, "frames/s", FRAMES_A_SECOND, is_least=True),
    ]


def _kilobytes(paths: list[Path]) -> float:
    return round(sum(len(gzip.compress(path.read_bytes(), 9)) for path in paths) / 1000, 1)


def _sample() -> dict[str, Any]:
    vectors = json.loads(VECTORS.read_text("utf-8"))
    sample: dict[str, Any] = next(each for each in vectors["samples"] if each["name"] == "base: a paper code")
    known = sample["knowledge"]
    snapshot = {
        "member": "CN-44",
        "gate": "bench",
        "policy": vectors["policies"][sample["policy"]],
        "trust": vectors["trusts"][known["trust"]],
        "statuses": {member: vectors["statuses"][name] for member, name in known["statuses"].items()},
        "segments": {},
        "rules": [vectors["rules"][name] for name in known["rules"]],
        "reasons": vectors["reasons"],
    }
    return {**sample, "snapshot": json.dumps(snapshot).encode()}


@contextmanager
def _served(sample: dict[str, Any]) -> Iterator[str]:
    """The built app with one snapshot, at the time of the sample."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.removeprefix("/")
            path = GATE_APP / (name or "index.html")
            body = sample["snapshot"] if name == "v1/snapshot" else path.read_bytes() if path.is_file() else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", _TYPES.get(path.suffix, "application/json"))
            self.send_header("Content-Security-Policy", policy_of(name))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(sample["at"], usegmt=True)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def _to_verdict(browser: Browser, address: str, at: int) -> float:
    with _slow_page(browser, at) as page:
        page.goto(address)
        page.locator("[data-action=start]").click(timeout=60_000)
        page.locator("main[data-outcome]").wait_for(timeout=60_000)
        assert page.locator("main").get_attribute("data-outcome") == "accepted"
        return float(page.evaluate("told - seen"))


def _frames_a_second(browser: Browser, address: str, at: int) -> float:
    with _slow_page(browser, at) as page:
        page.goto(address)
        page.locator("[data-action=start]").click(timeout=60_000)
        page.locator("[data-camera=on]").wait_for(timeout=60_000)
        return float(page.evaluate(_COUNT))


_COUNT = """async () => {
    const [from, before] = [performance.now(), frames];
    await new Promise((done) => setTimeout(done, 3000));
    return (frames - before) / ((performance.now() - from) / 1000);
}"""


@contextmanager
def _slow_page(browser: Browser, at: int) -> Iterator[Page]:
    context = browser.new_context(permissions=["camera"])
    page = context.new_page()
    page.clock.set_system_time(datetime.fromtimestamp(at, UTC))
    page.add_init_script(_CLOCKED)
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    yield page
    context.close()
