"""Every page in a real browser: it is there, its links are alive, and nobody is shut out by how it looks.

A page or screen joins by a row in :data:`PAGES`. ``SCREENSHOTS=folder`` writes a picture of each page in both
themes, all languages and two widths (``make screenshots``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright

from service_kit.front.language import LANGUAGES
from tests.web.town import Town

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = os.environ.get("SCREENSHOTS")
PHONE, DESK = 360, 1280
"""CSS pixels: the narrowest phone that is promised, and a desk."""
# Colours do not hang on the width: each is looked at with one of them, unless somebody wants to see the pictures.
LOOKS = [("light", PHONE), ("dark", DESK)] + ([("dark", PHONE), ("light", DESK)] if SCREENSHOTS else [])
_HAN = re.compile("[\u4e00-\u9fff]")


class Screen(NamedTuple):
    """A page of the town: its name, its address, and what is done there before it is looked at. ``draws``: whether the
    server draws it, in the language of ``?lang=``, and without a script."""

    name: str
    address: Callable[[Town], str]
    then: Callable[[Page], Any] = lambda _page: None
    draws: bool = True


def _root(town: Town) -> str:
    return town.henan.server.url("")


PAGES = [
    Screen("entrance", _root),
    Screen("registry", lambda town: town.registry.server.url("registry") + "/"),
    Screen("registry-docs", lambda town: town.registry.server.url("registry") + "/docs"),
    Screen("issuer", lambda town: town.henan.server.url("issuer") + "/"),
    Screen("issuer-docs", lambda town: town.henan.server.url("issuer") + "/docs"),
    Screen("verifier", lambda town: town.guangdong.server.url("verifier") + "/about"),
    Screen("verifier-docs", lambda town: town.guangdong.server.url("verifier") + "/docs"),
]


@pytest.fixture(scope="module")
def looking(playwright: Playwright, chromium: str) -> Iterator[Callable[..., Page]]:
    """Opens pages in one browser, each in a context of its own with the options of Playwright's."""
    browser = playwright.chromium.launch(executable_path=chromium, chromium_sandbox=False, args=["--disable-gpu"])
    contexts: list[BrowserContext] = []

    def look(**options: Any) -> Page:
        while contexts:
            contexts.pop().close()
        contexts.append(browser.new_context(**options))
        return contexts[0].new_page()

    yield look
    browser.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("theme", "width"), LOOKS)
@pytest.mark.parametrize("screen", PAGES, ids=lambda screen: screen.name)
def test_nobody_is_shut_out(
    screen: Screen, theme: Any, width: int, language: str, town: Town, looking: Callable[..., Page]
) -> None:
    """By contrast, by size, by a missing name or heading: what axe-core finds, on a narrow phone and on a desk."""
    page = looking(color_scheme=theme, locale=language, viewport={"width": width, "height": 800}, bypass_csp=True)
    page.goto(screen.address(town))
    screen.then(page)
    if SCREENSHOTS:
        place = Path(SCREENSHOTS) / f"{screen.name}-{language}-{theme}-{width}.png"
        page.screenshot(path=place, full_page=True)
    assert page.locator("html").get_attribute("lang") == language
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "pushed sideways"
    page.add_script_tag(path=AXE)
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


@pytest.mark.parametrize("screen", [screen for screen in PAGES if screen.draws], ids=lambda screen: screen.name)
def test_a_page_that_the_server_draws_needs_no_script(screen: Screen, town: Town, looking: Callable[..., Page]) -> None:
    """An old phone, a reader of screens, a browser with scripts off: all three languages are one link away."""
    page = looking(java_script_enabled=False, locale="fr-FR")
    page.goto(screen.address(town))
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("link", name="English").get_attribute("aria-current") == "true"
    assert _HAN.search(page.locator("main").inner_text().replace("张三", "")) is None


@pytest.mark.parametrize("screen", [screen for screen in PAGES if screen.draws], ids=lambda screen: screen.name)
def test_every_link_leads_somewhere(screen: Screen, town: Town, looking: Callable[..., Page]) -> None:
    """What is not built is not linked, and no page leads out of the house."""
    page = looking()
    address = page.goto(screen.address(town)).url  # type: ignore[union-attr]
    links = page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    anchors = set(page.locator("[id]").evaluate_all("parts => parts.map(part => part.id)"))
    for link in set(links):
        place, anchor = urldefrag(urljoin(address, link))
        if place == urldefrag(address)[0]:
            assert not anchor or anchor in anchors, link
        else:
            assert place.startswith(urljoin(address, "/")), link
            assert page.request.get(place).ok, link


def test_a_page_obeys_its_policy(town: Town, looking: Callable[..., Page]) -> None:
    """A page whose style the policy refuses is shown bare, and nobody is told."""
    for screen in PAGES:
        page = looking()
        refused: list[str] = []
        page.on("console", lambda message, refused=refused: refused.append(message.text))
        page.goto(screen.address(town))
        screen.then(page)
        assert refused == [], screen.name
