"""Front pages: complete in three languages, true to the service's state, and only links that lead somewhere."""

from __future__ import annotations

import pytest
from flask import Flask

from credentials.profile.members import MEMBERS
from credentials.profile.words import Label
from issuer.http import front as issuer_front
from service_kit.http.front.front import Front, Link, Way, add_entrance, add_front
from service_kit.http.front.sheet import how_long
from service_kit.http.front.texts import (
    ENVIRONMENTS,
    NO_ENTRY,
    NO_PAGE,
    NOT_NOW,
    OUR_FAULT,
    TEXTS,
    TOO_OFTEN,
    WRONG_REQUEST,
)
from service_kit.http.web import combine, make_app
from trust_registry.http import front as registry_front
from trust_registry.record.log import DEEDS
from verifier.http import front as verifier_front
from verifier.http import sheets as verifier_sheets

HENAN = MEMBERS["CN-41"]
FRONT = Front(
    Label(("签发方", "簽發方", "Issuer")),
    Label(("这里签发", "這裏簽發", "Issued here")),
    [
        Way(
            Label(("居民", "居民", "Residents")),
            Label(("领码", "領碼", "Get one")),
            [Link(Label(("去", "去", "Go")), "wallet/")],
        )
    ],
    "demo",
    HENAN.id,
    HENAN.names,
)


def all_texts() -> list[Label]:
    """Every text that a page may show."""
    ways = [
        *issuer_front.WAYS,
        *verifier_front.WAYS,
        *registry_front.WAYS,
    ]
    shown = [*TEXTS.values(), *ENVIRONMENTS.values(), *(each.names for each in MEMBERS.values())]
    for refusal in (NO_PAGE, NO_ENTRY, WRONG_REQUEST, TOO_OFTEN, NOT_NOW, OUR_FAULT):
        shown += refusal
    shown += [*DEEDS.values(), verifier_sheets.TITLE]
    shown += [how_long(seconds) for seconds in (0, 60, 3600, 90_000)]
    for module in (issuer_front, verifier_front, registry_front):
        shown += [module.ROLE, module.LEAD]
    return shown + [text for way in ways for text in (way.who, way.what, *(link.text for link in way.links))]


def app_with(front: Front, *, is_ready: bool = True) -> Flask:
    """A service with this front page."""
    app = make_app("issuer")
    add_front(app, front, lambda: is_ready)
    return app


def test_each_language_has_its_own_characters() -> None:
    """One simplified character in a Hong Kong text, or the other way round, is what everybody sees first."""
    for said in all_texts():
        assert all(said), said
        said.of("zh-CN").encode("gb2312")
        said.of("zh-HK").encode("big5hkscs")
        said.of("en").encode("ascii")


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("", "", "zh-CN"),
        ("", "fr-FR, de;q=0.5", "zh-CN"),
        ("", "en-GB, zh;q=0.5", "en"),
        ("", "en;q=0.4, zh-TW;q=0.8", "zh-HK"),
        ("", "zh-Hant-HK", "zh-HK"),
        ("", "zh-Hans-SG", "zh-CN"),
        ("?lang=en", "zh-CN", "en"),
        ("?lang=tlh", "zh-HK", "zh-HK"),
    ],
)
def test_a_reader_gets_their_language(asked: str, accepted: str, language: str) -> None:
    """The link that was pressed counts, then the browser's wish, then simplified Chinese."""
    page = app_with(FRONT).test_client().get(f"/{asked}", headers={"Accept-Language": accepted})
    assert page.headers["Content-Language"] == language
    assert f'<html lang="{language}">' in page.text


def test_the_state_is_told() -> None:
    """Whose it is, whether it is in earnest, and whether it works."""
    client = app_with(FRONT, is_ready=False).test_client()
    page = client.get("/?lang=zh-HK").text
    assert "河南" in page
    assert "CN-41" in page
    assert ENVIRONMENTS["demo"].of("zh-HK") in page
    assert TEXTS["not_production"].of("zh-HK") in page
    assert TEXTS["not_ready"].of("zh-HK") in page
    assert TEXTS["ready"].of("zh-HK") not in page


def test_production_warns_of_nothing() -> None:
    """A warning that is always there is read by nobody."""
    page = app_with(Front(FRONT.role, FRONT.lead, FRONT.ways, "production")).test_client().get("/?lang=en").text
    assert TEXTS["not_production"].of("en") not in page
    assert TEXTS["ready"].of("en") in page


def test_a_server_names_its_roles() -> None:
    """Whoever comes to the root finds the way to each role and to what most come for, in the language they chose."""
    root = combine([])
    add_entrance(root, [("/issuer", FRONT, lambda: True)])
    page = root.test_client().get("/?lang=en").text
    assert 'href="/issuer/wallet/"' in page
    assert 'href="/issuer/?lang=en"' in page


def test_no_script_may_run() -> None:
    """A page without a script says so: whatever a hole might put into it does not run."""
    policy = app_with(FRONT).test_client().get("/").headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["theme.css", "page.css", "icon.svg"])
def test_the_look_is_there(name: str) -> None:
    """Also from an installed package, where the sources of browser apps are left out."""
    with app_with(FRONT).test_client().get(f"/look/{name}") as answer:
        assert answer.status_code == 200
    assert app_with(FRONT).test_client().get("/look/front.py").status_code == 404


def test_what_is_not_built_is_not_linked() -> None:
    """A wallet that is not there is a dead link on the first page that a resident sees."""
    assert "wallet/" in places(issuer_front.ways(has_wallet=True))
    assert "wallet/" not in places(issuer_front.ways(has_wallet=False))
    assert {"", "proof/"} <= {*places(verifier_front.ways(has_gate_app=True))}
    assert not {"", "proof/"} & {*places(verifier_front.ways(has_gate_app=False))}


def test_every_role_has_a_door() -> None:
    """The page at the root leads on, whatever was built."""
    for ways in (issuer_front.ways(has_wallet=False), verifier_front.ways(has_gate_app=False)):
        assert Front(FRONT.role, FRONT.lead, ways, "test").door is not None


def places(ways: list[Way]) -> list[str]:
    """Where these ways lead."""
    return [link.place for way in ways for link in way.links]
