"""The wallet in a browser, used as a resident uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import BrowserContext, Page

from credentials.qr import read_texts
from service_kit.clock import HOUR_SECONDS
from tests.web.town import Town

SECONDS = 90_000
"""For what waits, in milliseconds: a machine under load must not make a test fail."""
_STORED = """async (change) => {
  const opened = await new Promise((done) => {
    const asked = indexedDB.open("tongxing-wallet");
    asked.onsuccess = () => done(asked.result);
  });
  const deed = opened.transaction("values", "readwrite");
  const table = deed.objectStore("values");
  const result = await new Promise((done) => {
    const asked = table.get("cards");
    asked.onsuccess = () => {
      const cards = asked.result ?? [];
      if (change) {
        for (const card of cards) {
          for (const [name, value] of Object.entries(change)) card[name] = value && { ...card[name], ...value };
        }
        table.put(cards, "cards");
      }
      done(cards.map(({ issued, keys }) => ({ issued, extractable: keys?.privateKey?.extractable })));
    };
  });
  await new Promise((done) => (deed.oncomplete = done));
  opened.close();
  return result;
}"""


class Wallet:
    """One phone with the wallet."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.context, self.page, self.address = context, context.pages[0], address
        self.page.set_default_timeout(SECONDS)

    def open(self) -> Wallet:
        """Open it, and wait for whatever it shows."""
        self.page.goto(self.address)
        self.page.locator("h1").wait_for()
        return self

    def claim(self, code: str) -> Wallet:
        """Type a claim code and get its code."""
        self.type_claim_code(code)
        self.page.locator(".symbol svg").wait_for()
        return self

    def type_claim_code(self, code: str) -> None:
        """Type a claim code and send it."""
        if self.page.locator("#claim").count() == 0:
            self.press("menu")
        self.press("claim")
        self.page.locator("#code").fill(code)
        self.press("send")

    def press(self, action: str) -> None:
        """Press a button by what it does."""
        self.page.locator(f"#{action}").click()

    def shown(self) -> str:
        """What a camera reads from this screen, from its pixels."""
        self.page.locator(".symbol svg").first.wait_for()
        return read_texts(self.page.screenshot())[0]

    def shown_after(self, before: str) -> str:
        """What the screen shows once it shows something else."""
        self.page.wait_for_function(
            "before => { const now = document.querySelector('.symbol path:last-child')?.getAttribute('d');"
            " return now && now !== before; }",
            arg=before,
        )
        return self.shown()

    def drawing(self) -> str:
        """The symbol's path, to see that there is another one."""
        return self.page.locator(".symbol path").last.get_attribute("d") or ""

    def condition(self, wanted: str) -> None:
        """Wait until a screen says how the code stands."""
        self.page.locator(f"main[data-condition={wanted}]").wait_for()

    def refusal(self) -> str:
        """Wait for a refusal; its code."""
        main = self.page.locator("main[data-refusal]")
        main.wait_for()
        return main.get_attribute("data-refusal") or ""

    def stored(self, change: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """What lies in the browser's database; ``change``: what to put into each card first."""
        held: list[dict[str, Any]] = self.page.evaluate(_STORED, change)
        return held

    def kept(self) -> Wallet:
        """Wait until the app itself lies on the phone."""
        self.page.evaluate("navigator.serviceWorker.ready.then(() => null)")
        self.page.wait_for_function("() => navigator.serviceWorker.controller")
        return self


def outcome(town: Town, text: str) -> tuple[str, list[str]]:
    """What Guangdong's gate says of a text: outcome, and the codes of the reasons."""
    verdict = town.guangdong.check(text)
    return verdict["outcome"], [reason["code"] for reason in verdict["reasons"]]


def requests_of(page: Page) -> list[str]:
    """Grows with what the page asks for from now on: method and address."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(f"{request.method} {request.url}"))
    return seen


def texts_on(page: Page) -> str:
    """All that can be read on the screen."""
    return json.dumps(page.locator("main").inner_text(), ensure_ascii=False)


def screens(wallet: Wallet, town: Town) -> Iterator[str]:
    """Through the whole app from its welcome, the name of each screen when there is one to look at."""
    yield "welcome"
    wallet.press("install")
    yield "install"
    wallet.page.go_back()
    wallet.type_claim_code("1234 5678 9012 3456")
    wallet.page.locator("#code-error").wait_for()
    yield "mistyped"
    wallet.page.route("**/v1/wallet/claims", lambda route: route.abort())
    wallet.page.locator("#code").fill(town.claim_code("宋一"))
    wallet.press("send")
    wallet.page.locator("main[data-refusal=offline]").wait_for()
    wallet.page.go_back()
    wallet.condition("waiting")
    yield "waiting"
    wallet.page.unroute("**/v1/wallet/claims")
    wallet.press("again")
    wallet.page.locator(".symbol svg").wait_for()
    yield "show"
    for seconds_ago in (HOUR_SECONDS, 0):
        town.look_up("宋一", seconds_ago)
    for screen in ("menu", "details", "answer", "remove", "nickname", "look-ups", "paper"):
        wallet.open()
        wallet.page.locator(".symbol svg").wait_for()
        wallet.press("menu")
        if screen != "menu":
            wallet.press(screen)
        if screen == "look-ups":
            wallet.page.locator("[data-look-ups]").wait_for()
        yield screen
    wallet.press("make")
    wallet.page.locator(".symbol svg").first.wait_for()
    yield "paper-made"
    wallet.open().claim(town.claim_code("金国英", form="assisted", guardian="child"))
    yield "relative"
    wallet.press("people")
    yield "people"
    wallet.page.go_back()
    wallet.claim(town.claim_code("宋二", decision=town.decision("red", "close-contact")))
    yield "red"
    wallet.stored({"keys": None})
    wallet.page.reload()
    wallet.condition("key-lost")
    yield "key-lost"
