"""Every page that a server draws, in a real browser: its links are alive, and nobody is shut out by how it looks.

A page joins by a row in :data:`PAGES`. The screens of the apps: test_screens.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urldefrag, urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from credentials.profile.languages import LANGUAGES
from tests.web.axe import LOOKS, SCREENSHOTS, look
from tests.web.town import Town

_HAN = re.compile("[\u4e00-\u9fff]")


class Drawn(NamedTuple):
    """A page of the town: its name and its address."""

    name: str
    address: Callable[[Town], str]


def _root(town: Town) -> str:
    return town.henan.server.url("")


PAGES = [
    Drawn("entrance", _root),
    Drawn("registry", lambda town: town.registry.server.url("registry") + "/"),
    Drawn("registry-log", lambda town: town.registry.server.url("registry") + "/v1/log"),
    Drawn("registry-state", lambda town: town.registry.server.url("registry") + "/v1/state"),
    Drawn("gate-state", lambda town: town.guangdong.server.url("verifier") + "/v1/state"),
    Drawn("mistyped", lambda town: town.henan.server.url("issuer") + "/wallet-typo"),
    Drawn("registry-docs", lambda town: town.registry.server.url("registry") + "/docs"),
    Drawn("issuer", lambda town: town.henan.server.url("issuer") + "/"),
    Drawn("issuer-docs", lambda town: town.henan.server.url("issuer") + "/docs"),
    Drawn("verifier", lambda town: town.guangdong.server.url("verifier") + "/about"),
    Drawn("verifier-docs", lambda town: town.guangdong.server.url("verifier") + "/docs"),
]


@pytest.fixture(scope="module")
def looking(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a context of its own with the options of Playwright's."""
    contexts: list[BrowserContext] = []

    def look(**options: Any) -> Page:
        while contexts:
            contexts.pop().close()
        contexts.append(browser.new_context(**options))
        return contexts[0].new_page()

    yield look
    for context in contexts:
        context.close()


# Contrast is the same in every language, room on a narrow phone is not. Whoever wants the pictures gets all of them.
LOOKED_AT = [
    (theme, width, language)
    for theme, width in LOOKS
    for language in LANGUAGES
    if theme == "light" or language == LANGUAGES[0] or SCREENSHOTS
]


@pytest.mark.parametrize(("theme", "width", "language"), LOOKED_AT)
@pytest.mark.parametrize("drawn", PAGES, ids=lambda drawn: drawn.name)
def test_nobody_is_shut_out(
    drawn: Drawn, theme: Any, width: int, language: str, town: Town, looking: Callable[..., Page]
) -> None:
    """By contrast, by size, by a missing name or heading: what axe-core finds, on a narrow phone and on a desk."""
    page = looking(color_scheme=theme, locale=language, viewport={"width": width, "height": 800}, bypass_csp=True)
    page.goto(drawn.address(town))
    assert look(page, f"{drawn.name}-{language}-{theme}-{width}", language) == []


@pytest.mark.parametrize("drawn", PAGES, ids=lambda drawn: drawn.name)
def test_a_page_that_the_server_draws_needs_no_script(drawn: Drawn, town: Town, looking: Callable[..., Page]) -> None:
    """An old phone, a reader of screens, a browser with scripts off: all three languages are one link away."""
    page = looking(java_script_enabled=False, locale="fr-FR")
    page.goto(drawn.address(town))
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.get_by_role("link", name="English").click()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.get_by_role("link", name="English").get_attribute("aria-current") == "true"
    assert _HAN.search(page.locator("main").inner_text().replace("张三", "")) is None


@pytest.mark.parametrize("drawn", PAGES, ids=lambda drawn: drawn.name)
def test_every_link_leads_somewhere(drawn: Drawn, town: Town, looking: Callable[..., Page]) -> None:
    """What is not built is not linked, and no page leads out of the house."""
    page = looking()
    address = page.goto(drawn.address(town)).url  # type: ignore[union-attr]
    links = page.locator("a[href]").evaluate_all("links => links.map(link => link.getAttribute('href'))")
    anchors = set(page.locator("[id]").evaluate_all("parts => parts.map(part => part.id)"))
    for link in set(links):
        place, anchor = urldefrag(urljoin(address, link))
        if place == urldefrag(address)[0]:
            assert not anchor or anchor in anchors, link
        else:
            assert place.startswith(urljoin(address, "/")), link
            # Where nothing stands, the same page in another language is nowhere either.
            assert page.request.get(place).ok or place.split("?")[0] == address, link


def _adding(texts: list[str]) -> Callable[[ConsoleMessage], None]:
    return lambda message: texts.append(message.text)


def test_a_page_obeys_its_policy(town: Town, looking: Callable[..., Page]) -> None:
    """A page whose style the policy refuses is shown bare, and nobody is told."""
    for drawn in PAGES:
        page = looking()
        refused: list[str] = []
        page.on("console", _adding(refused))
        answer = page.goto(drawn.address(town))
        assert answer is not None
        # The browser itself says of a mistyped address that nothing stands there.
        assert [text for text in refused if answer.ok or "404" not in text] == [], drawn.name
