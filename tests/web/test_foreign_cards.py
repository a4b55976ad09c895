"""Cards from abroad at a gate in a browser: what each outcome looks like, and read with everything switched off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import BrowserContext, Route, expect

from tests import shc
from tests.dcc import RECOVERY, VACCINATION, certificate
from tests.vectors.cast import DAY, NOW
from tests.vectors.foreign import FRESH_TEST, STRANGER, card, foreign_list, foreign_lists
from tests.vectors.reading import read_vectors
from tests.web import camera
from tests.web.axe import DESK, look
from tests.web.checkpoint import STANDS, Checkpoint
from tests.web.conftest import Launch
from tests.web.town import Town
from verifier.app import GATE_APP

NARROW = 320
"""CSS pixels: the oldest phones that a gate is likely to be."""
ADDRESS = "http://localhost/verifier/"
VECTORS = read_vectors()
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm"}
LONG = {"fn": "Müller-Lüdenscheidt von und zu Hohenstaufen-Wittelsbach", "gn": "Maximilian Alexander Karl-Theodor",
        "fnt": "MUELLER", "gnt": "MAXIMILIAN"}  # fmt: skip
OUTCOMES: dict[str, tuple[str, tuple[str, str], dict[str, Any]]] = {
    "accepted": (card(certificate(t=[FRESH_TEST], nam=LONG)), ("accepted", ""), {}),
    "vaccination": (card(certificate(v=[VACCINATION])), ("refused", "rule-failed"), {}),
    "expired": (card(exp=NOW - 1), ("refused", "expired"), {}),
    "malformed": (card()[:-10], ("refused", "malformed"), {}),
    "forged": (card(key=STRANGER), ("refused", "wrong-signature"), {}),
    "unknown": (card(), ("refused", "unknown-key"), {"foreign_keys": "another kid"}),
    "other-country": (card(), ("refused", "issuer-mismatch"), {"foreign_keys": "germany, by the same kid"}),
    "other-kind": (card(), ("refused", "key-use-mismatch"), {"foreign_keys": "austria, for vaccinations"}),
    "other-time": (card(), ("refused", "key-not-active"), {"foreign_keys": "austria, until yesterday"}),
    "open": (card(certificate(r=[RECOVERY])), ("undetermined", "rule-open"), {"rules": "no rule but for tests"}),
    "other-disease": (card(certificate(t=[FRESH_TEST | {"tg": "1"}])), ("undetermined", "rule-open"), {}),
    "no-list": (card(), ("undetermined", "foreign-keys-missing"), {"foreign_keys": None}),
    "old-list": (card(), ("undetermined", "unknown-key-old-list"),
                 {"foreign_keys": "another kid", "trust": "three hours old"}),
}  # fmt: skip
"""By a name: the card, its outcome and first reason, and what the gate knows otherwise."""
looks = pytest.mark.parametrize(
    ("language", "theme", "width", "is_large"),
    [
        ("zh-CN", "light", NARROW, True),
        ("zh-HK", "dark", DESK, False),
        ("en", "light", NARROW, True),
    ],
)


def snapshot(
    trust: str = "fresh", rules: str = "48 hours", foreign_keys: str | None = "austria", sequence: int = 1
) -> dict[str, Any]:
    """What a gate of Guangdong is given. ``sequence``: of the list of foreign keys; the highest counts."""
    return {
        "member": "CN-44",
        "gate": "3",
        "policy": VECTORS["policies"]["venue"],
        "trust": {**VECTORS["trusts"][trust], "anchor": "", "versions": {"timestamp": sequence}},
        "statuses": {},
        "segments": {},
        "rules": [VECTORS["rules"][rules]],
        "foreign_keys": foreign_keys and foreign_lists(sequence)[foreign_keys],
        "reasons": VECTORS["reasons"],
        "position": "",
    }


def serve(context: BrowserContext, known: dict[str, Any]) -> None:
    """The built app, and a service that knows this, without a server."""

    def answer(route: Route) -> None:
        path = route.request.url.split("?")[0].removeprefix(ADDRESS) or "index.html"
        if path == "v1/snapshot":
            body, kind = json.dumps(known).encode(), "application/json"
        elif (file := GATE_APP / path).is_file():
            body, kind = file.read_bytes(), TYPES.get(file.suffix, "text/plain")
        else:
            return route.fulfill(status=404)
        return route.fulfill(body=body, content_type=kind, headers={"Date": "Mon, 21 Nov 2022 04:00:00 GMT"})

    context.route(f"{ADDRESS}**", answer)


def opened(context: BrowserContext, known: dict[str, Any], settings: dict[str, str]) -> Checkpoint:
    serve(context, known)
    gate = Checkpoint(context, ADDRESS, settings=settings)
    gate.page.clock.set_fixed_time(datetime.fromtimestamp(NOW, UTC))
    return gate.open()


def screens(gate: Checkpoint) -> Iterator[str]:
    """Each outcome of a card, one after the other."""
    held: dict[str, Any] = {}
    for number, (name, (text, outcome, changes)) in enumerate(OUTCOMES.items(), 2):
        if changes != held:
            gate.context.unroute_all()
            serve(gate.context, snapshot(**changes, sequence=number))
            gate.refresh()
            gate.do("back")
            held = changes
        assert gate.type(text) == outcome, name
        yield name
        gate.next()


@looks
def test_what_each_outcome_looks_like(launch: Launch, language: str, theme: str, width: int, is_large: bool) -> None:
    """A guard who sees a card from abroad once a month must be told everything; nobody is shut out."""
    context = launch(
        locale=language, color_scheme=theme, viewport={"width": width, "height": 480}, bypass_csp=True,
        service_workers="block",
    )  # fmt: skip
    gate = opened(context, snapshot(), {**STANDS, "large": "yes" if is_large else "no"})
    suffix = f"{language}-{theme}-{width}" + ("-large" if is_large else "")
    found = {name: look(gate.page, f"card-{name}-{suffix}", language) for name in screens(gate)}
    assert {name: each for name, each in found.items() if each} == {}


def test_a_card_in_three_symbols_is_gathered_in_any_order(launch: Launch, tmp_path: Path) -> None:
    """People turn pages in their own order: each scan says how many are still to come, and a stranger's is named."""
    video = camera.record(tmp_path / "camera.y4m", [camera.scene()])
    context = launch(camera=video, viewport={"width": 1280, "height": 720}, service_workers="block")
    known = snapshot() | {"foreign_keys": foreign_list(shc.key(), sequence=2)}
    gate = opened(context, known, STANDS)
    gate.camera = video
    gate.camera_on()
    test = shc.TEST | {"effectiveDateTime": "2022-11-20T12:00:00+08:00"}
    parts = shc.symbols(shc.card_jws(shc.PATIENT, test, nbf=NOW - DAY), 3)
    for number, part in enumerate((parts[2], parts[0]), 1):
        gate.see(camera.scene(symbol(part)))
        expect(gate.page.locator("#message")).to_contain_text(f"{number}/3")
    gate.see(camera.scene(symbol(parts[1])))
    assert gate.verdict() == ("accepted", "")
    assert "1951-01-20" in gate.page.locator(".person").inner_text()
    gate.next()
    # The last symbol is still before the camera: for the next person it is the first.
    expect(gate.page.locator("#message")).to_contain_text("1/3")
    gate.page.locator("#typed").fill(parts[0])
    gate.page.keyboard.press("Enter")
    expect(gate.page.locator("#message")).to_contain_text("2/3")
    assert gate.type("shc:/2/4/5676") == ("refused", "parts-mixed")


def symbol(text: str) -> Image.Image:
    """The card as other people's programs draw it: larger than any symbol of ours."""
    drawn = zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M"))
    whole = Image.fromarray(drawn).convert("RGB")
    return whole.resize((620, 620), Image.Resampling.NEAREST)


def test_a_card_is_scanned_with_network_and_server_out_of_reach(launch: Launch, town: Town, tmp_path: Path) -> None:
    """At an airport's gate the first foreign card may come when nothing answers: what reads it lies there."""
    issuer = town.foreign_issuer
    video = camera.record(tmp_path / "camera.y4m", [camera.scene()])
    context = launch(camera=video, viewport={"width": 1280, "height": 720})
    gate = Checkpoint(context, town.gate, video).open_and_keep()
    gate.refresh()
    context.set_offline(True)
    gate.reload().camera_on()
    gate.see(camera.scene(symbol(issuer.card())))
    assert gate.verdict() == ("accepted", "")
    assert "1988-06-07" in gate.page.locator(".person").inner_text()
    gate.next()
    gate.see(camera.scene(symbol(issuer.card(bit=900, name="Musterfrau Anna"))))
    assert gate.verdict() == ("refused", "wrong-signature")
