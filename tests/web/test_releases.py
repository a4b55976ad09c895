"""Releases and the app on the device: it keeps all parts of its version until it has all of the next."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page

from hatch_build import ready_node
from tests.web.conftest import Launch

ROOT = Path(__file__).parents[2]
APP = "verifier/gate_app"
SOURCES = ("credentials/browser", "service_kit/browser", APP, "vite.config.ts", "tsconfig.json", "package.json")
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm"}
LAST_WEEKS_WORKER = """
const CACHE = "app-/-index.html|service-worker.js";
addEventListener("install", (event) =>
    event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(["index.html"])).then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
    if (new URL(event.request.url).pathname === "/") event.respondWith(caches.match("index.html"));
});
"""
"""A worker that knows one cache, and gives its page to everybody."""


class Shelf:
    """A web server of static files, as whoever runs the service puts them there."""

    def __init__(self) -> None:
        self.folder = Path()
        self.missing: set[str] = set()
        shelf = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.split("?")[0].removeprefix("/") or "index.html"
                path = shelf.folder / name
                found = path.is_file() and name not in shelf.missing
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", TYPES.get(path.suffix, "application/octet-stream"))
                self.end_headers()
                self.wfile.write(path.read_bytes() if found else b"")

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def __enter__(self) -> Shelf:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """An empty one."""
    with Shelf() as made:
        yield made


def build(folder: Path, **changed: str) -> Path:
    """The app built from these sources with files changed: by path, with ``__`` for a slash and ``_`` for a dot."""
    for source in SOURCES:
        place = folder / source
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("built", "*.py"))
        else:
            shutil.copy(ROOT / source, place)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    for name, text in changed.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.write_text(path.read_text() + text)
    vite = ["node_modules/vite/bin/vite.js", "build", APP, "--config", "vite.config.ts", "--logLevel", "error"]
    subprocess.run([*ready_node(ROOT), *vite], cwd=folder, check=True, capture_output=True)
    return folder / APP / "built"


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory, chromium: str) -> dict[str, Path]:
    """The app; with another icon and nothing else; with another reader, so with parts of other names."""
    icon = {f"{APP}/public/icon_DOT_svg".replace("/", "__"): "<!-- another -->"}
    reader = {"service_kit__browser__camera__decoder_DOT_ts": "\nself.addEventListener('unload', () => undefined);"}
    return {
        name: build(tmp_path_factory.mktemp(name), **changed)
        for name, changed in {"first": {}, "icon": icon, "reader": reader}.items()
    }


def opened(context: BrowserContext, address: str) -> Page:
    """A page of the app, once it and its parts lie on the device."""
    page = context.new_page()
    page.goto(address)
    page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'", timeout=90_000)
    return page


def version(page: Page) -> str:
    """Which one the page was opened in."""
    return page.locator("meta[name=version]").get_attribute("content") or ""


def update(page: Page) -> None:
    """What a browser does now and then: ask for a new version, and wait until that is there or has failed."""
    page.evaluate(
        """async () => {
            const registration = await navigator.serviceWorker.ready;
            await registration.update().catch(() => undefined);
            const worker = registration.installing ?? registration.waiting;
            const isOver = () => ["activated", "redundant"].includes(worker?.state ?? "activated");
            while (!isOver()) await new Promise((go) => setTimeout(go, 50));
        }"""
    )


def caches(page: Page) -> int:
    """How many versions lie on the device."""
    return int(page.evaluate("caches.keys().then((names) => names.length)"))


def begun(page: Page) -> Page:
    """A guard is at work: such a page is not opened anew by itself."""
    page.locator("[data-action=start]").click()
    return page


def test_a_release_in_which_only_a_picture_changed_arrives(
    launch: Launch, shelf: Shelf, versions: dict[str, Path]
) -> None:
    """The version is the content: no name of a script has changed."""
    shelf.folder, context = versions["first"], launch()
    page = begun(opened(context, shelf.address))
    before = version(page)
    shelf.folder = versions["icon"]
    update(page)
    page.reload()
    assert version(page) not in ("", before)
    assert "another" in page.evaluate("fetch('icon.svg').then((answer) => answer.text())")


def test_a_page_keeps_the_parts_of_its_own_version(launch: Launch, shelf: Shelf, versions: dict[str, Path]) -> None:
    """Its reader is asked for after the update, and the server has only the new one."""
    shelf.folder, context = versions["first"], launch()
    page = begun(opened(context, shelf.address))
    part = next(path.name for path in (versions["first"] / "assets").glob("decoder-*.js"))
    shelf.folder = versions["reader"]
    assert not (shelf.folder / "assets" / part).exists()
    update(page)
    assert page.evaluate("part => fetch(`assets/${part}`).then((answer) => answer.status)", part) == 200
    assert caches(page) == 2
    page.close()
    again = opened(context, shelf.address)
    again.wait_for_function("() => caches.keys().then((names) => names.length === 1)", timeout=90_000)


@pytest.mark.parametrize("lost", ["icon.svg", "index.html", "assets"])
def test_half_a_release_changes_nothing(
    launch: Launch, shelf: Shelf, versions: dict[str, Path], lost: str, tmp_path: Path
) -> None:
    """A server in the middle of being changed, a part that is missing or is still the old one."""
    shelf.folder, context = versions["first"], launch()
    page = begun(opened(context, shelf.address))
    before = version(page)
    # What has not changed is not fetched again: the icon must be another one to be missed.
    release = versions["icon" if lost == "icon.svg" else "reader"]
    half = tmp_path / "half"
    shutil.copytree(release, half)
    if lost == "assets":
        next((half / "assets").glob("decoder-*.js")).unlink()
    else:
        (half / lost).write_bytes((versions["first"] / lost).read_bytes() + b" ")
    shelf.folder = half
    update(page)
    page.reload()
    assert version(begun(page)) == before
    shelf.folder = release
    update(page)
    page.reload()
    assert version(page) != before, "and the whole one is taken when it comes"


def test_a_way_back_to_the_version_before_is_a_release(launch: Launch, shelf: Shelf, versions: dict[str, Path]) -> None:
    """Whoever takes a bad release back must reach the devices that have it."""
    shelf.folder, context = versions["first"], launch()
    page = begun(opened(context, shelf.address))
    before = version(page)
    for name in ("reader", "first"):
        shelf.folder = versions[name]
        update(page)
        page.reload()
        begun(page)
    assert version(page) == before


def test_a_service_worker_of_last_week_is_replaced(
    launch: Launch, shelf: Shelf, versions: dict[str, Path], tmp_path: Path
) -> None:
    """One that gave the old page to everybody, from a cache that this version does not know."""
    old = tmp_path / "old"
    old.mkdir()
    (old / "index.html").write_text("<title>old</title>")
    (old / "service-worker.js").write_text(LAST_WEEKS_WORKER)
    shelf.folder, context = old, launch()
    page = context.new_page()
    page.goto(shelf.address)
    page.evaluate("navigator.serviceWorker.register('service-worker.js', { type: 'module' }).then(() => null)")
    page.wait_for_function("() => navigator.serviceWorker.controller", timeout=90_000)
    shelf.folder = versions["first"]
    update(page)
    page.reload()
    assert version(page) != ""
    page.wait_for_function("() => caches.keys().then((names) => names.length === 1)", timeout=90_000)


def test_a_device_that_lost_its_caches_heals(launch: Launch, shelf: Shelf, versions: dict[str, Path]) -> None:
    """A browser short of room takes them away behind the worker."""
    shelf.folder, context = versions["first"], launch()
    page = opened(context, shelf.address)
    page.evaluate("caches.keys().then((names) => Promise.all(names.map((name) => caches.delete(name))))")
    page.reload()
    assert version(page) != ""
    page.wait_for_function("() => caches.match('index.html').then((found) => !!found)", timeout=90_000)
