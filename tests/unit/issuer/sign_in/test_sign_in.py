"""Signing in: begun and finished by one browser, for somebody on file, and told to the wallet's page alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from credentials.errors import SettingInvalid
from credentials.keys import new_private_key
from issuer.config import IssuerSettings
from issuer.opening import open_sign_in
from issuer.service import SIGN_INS
from issuer.sign_in.identity_provider import MAX_ANSWER_BYTES
from issuer.sign_in.sign_in import BEGUN_SECONDS
from service_kit.clock import HOUR_SECONDS
from service_kit.settings import read_settings
from tests.unit.issuer.office import NOW, NUMBER, by_hand
from tests.unit.issuer.providing import Provider, provider
from tests.unit.issuer.serving import environment, key_file
from tests.unit.issuer.signing_in import Browser, Worker, cookies, outcome, signing_in

BEGUN, CLAIM = "__Host-tongxing-sign-in", "__Host-tongxing-claim"


class Scene(NamedTuple):
    """A provider that says what a test wants, and an issuer with Wang Xiaoming on file."""

    provider: Provider
    worker: Worker
    folder: Path

    def sign_in(self, browser: Browser, **claims: Any) -> Any:
        """All of it; the answer of the callback."""
        sent = browser.begun()
        self.provider.redeems(self.provider.token(sent["nonce"], **claims))
        return browser.come_back(code="c", state=sent["state"], iss=self.provider.url)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("issuer")
    with provider() as lying:
        worker = Worker(signing_in(folder, lying.url))
        worker.put_on_file()
        yield Scene(lying, worker, folder)
        worker.close()


@pytest.fixture
def scene(ground: Scene) -> Scene:
    """As it was at the beginning."""
    ground.worker.clock.time = NOW
    ground.provider.describes()
    ground.provider.server.heads.clear()
    return ground


def test_whoever_signs_in_gets_their_code(scene: Scene) -> None:
    """From the button to the code, without a claim code that anybody typed or saw."""
    browser = scene.worker.browser()
    answer = scene.sign_in(browser)
    assert outcome(answer) == "done"
    issued = browser.claim(new_private_key())
    assert issued.status_code == 201
    assert issued.get_json()["holder"] == {"name": "王**", "document_tail": "002X"}
    assert cookies(issued)[CLAIM].startswith(";")
    assert browser.claim(new_private_key()).get_json()["code"] == "sign-in-not-begun"


def test_the_same_phone_may_ask_again(scene: Scene) -> None:
    """The answer was lost on the way: cookie and key are still there."""
    browser, phone = scene.worker.browser(), new_private_key()
    scene.sign_in(browser)
    kept = browser.client.get_cookie(CLAIM)
    assert kept is not None
    first = browser.claim(phone).json
    browser.client.set_cookie(CLAIM, kept.value)
    assert browser.claim(phone).json == first


def test_cookies_are_for_this_browser_and_host_alone(scene: Scene) -> None:
    """No script reads them, no other host sets them, and none but our own page has the claim code sent."""
    browser = scene.worker.browser()
    begun = cookies(browser.begin())[BEGUN]
    assert {*begun.split("; ")[1:]} >= {"Secure", "HttpOnly", f"Max-Age={BEGUN_SECONDS}", "Path=/", "SameSite=Lax"}
    answer = scene.sign_in(browser)
    claim = cookies(answer)[CLAIM]
    assert {*claim.split("; ")[1:]} >= {"Secure", "HttpOnly", "Max-Age=600", "Path=/", "SameSite=Strict"}
    assert "Domain" not in begun + claim
    assert cookies(answer)[BEGUN].startswith(";")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert claim.split(";")[0] not in answer.headers["Location"] + answer.text


def test_on_this_machine_without_tls(tmp_path: Path) -> None:
    """A browser keeps no __Host- cookie of http, and the demonstration runs without certificates."""
    with provider() as lying:
        worker = Worker(signing_in(tmp_path, lying.url, TONGXING_ISSUER_URL="http://127.0.0.1:8041/issuer"))
        begun = cookies(worker.browser().begin())
        assert "Secure" not in begun["tongxing-sign-in"]
        worker.close()


def test_any_worker_goes_on(scene: Scene) -> None:
    """Begun at one process, finished at the second, claimed at the third: nothing is kept in a process."""
    second, third = (Worker(signing_in_again(scene)) for _ in range(2))
    browser = scene.worker.browser()
    sent = browser.begun()
    scene.provider.redeems(scene.provider.token(sent["nonce"]))
    elsewhere = browser.at_another(second)
    assert outcome(elsewhere.come_back(code="c", state=sent["state"], iss=scene.provider.url)) == "done"
    assert elsewhere.at_another(third).claim(new_private_key()).status_code == 201
    second.close()
    third.close()


def signing_in_again(scene: Scene) -> dict[str, str]:
    """The same environment: keys are files that a second worker reads, and must not be made anew."""
    settings = scene.worker.office.settings
    return signing_in(scene.folder, scene.provider.url) | {
        "TONGXING_KEY_FILE": str(settings.key_file),
        "TONGXING_STATUS_KEY_FILE": str(settings.status_key_file),
    }


def test_another_issuer_does_not(scene: Scene, tmp_path: Path) -> None:
    """State, nonce and verifier are made with the issuer's own secret: nobody else can make them from the cookie."""
    other = Worker(signing_in(tmp_path / "other", scene.provider.url))
    browser = scene.worker.browser()
    sent = browser.begun()
    answer = browser.at_another(other).come_back(code="c", state=sent["state"], iss=scene.provider.url)
    assert outcome(answer) == "sign-in-not-begun"
    other.close()


def test_an_answer_without_the_browsers_own_state(scene: Scene) -> None:
    """Login CSRF: an answer that the attacker's browser was given, opened in the victim's, and its variants."""
    attacker, victim, nobody = (scene.worker.browser() for _ in range(3))
    stolen, own = attacker.begun(), victim.begun()
    scene.provider.redeems(scene.provider.token(stolen["nonce"]))
    base = {"code": "c", "iss": scene.provider.url}
    for browser in (victim, nobody):
        for state in ({"state": stolen["state"]}, {}, {"state": ""}, {"state": "通"}):
            answer = browser.come_back(**base, **state)
            assert outcome(answer) == "sign-in-not-begun"
            assert CLAIM not in cookies(answer)
    assert outcome(victim.come_back(**base, state=[own["state"], stolen["state"]])) == "sign-in-not-begun"
    assert scene.provider.requests("/token") == []
    # None of it has ended what the victim is at.
    scene.provider.redeems(scene.provider.token(own["nonce"]))
    assert outcome(victim.come_back(**base, state=own["state"])) == "done"


def test_a_code_of_another_flow(scene: Scene) -> None:
    """Injected into the victim's own: redeemed with the victim's verifier, and its nonce is another's."""
    attacker, victim = scene.worker.browser(), scene.worker.browser()
    stolen, own = attacker.begun(), victim.begun()
    scene.provider.redeems(scene.provider.token(stolen["nonce"]))
    answer = victim.come_back(code="of the attacker", state=own["state"], iss=scene.provider.url)
    assert outcome(answer) == "sign-in-unproven"
    assert CLAIM not in cookies(answer)


@pytest.mark.parametrize(
    "alter",
    [
        lambda cookie: cookie.replace(str(NOW), str(NOW + 1)),
        lambda cookie: cookie[:-1] + ("A" if cookie[-1] != "A" else "B"),
        lambda cookie: cookie + "x",
        lambda cookie: "x",
        lambda cookie: f"{'9' * 400}.{cookie.partition('.')[2]}",
        lambda cookie: "\N{ARABIC-INDIC DIGIT ONE}" + cookie[1:],
    ],
)
def test_an_altered_cookie(scene: Scene, alter: Any) -> None:
    """Above all its time: a sign-in must not last for ever because its browser says so."""
    browser = scene.worker.browser()
    sent = browser.begun()
    cookie = browser.client.get_cookie(BEGUN)
    assert cookie is not None
    browser.client.set_cookie(BEGUN, alter(cookie.value))
    answer = browser.come_back(code="c", state=sent["state"], iss=scene.provider.url)
    assert outcome(answer) == "sign-in-not-begun"


@pytest.mark.parametrize(("gone", "said"), [(BEGUN_SECONDS - 1, "done"), (BEGUN_SECONDS, "sign-in-not-begun"),
                                            (-3600, "sign-in-not-begun")])  # fmt: skip
def test_it_ends_by_itself(scene: Scene, gone: int, said: str) -> None:
    """A page that was left open is begun anew; so is one of a time to come."""
    browser = scene.worker.browser()
    sent = browser.begun()
    at = scene.worker.clock.time = NOW + gone
    scene.provider.redeems(scene.provider.token(sent["nonce"], iat=at, exp=at + 300))
    assert outcome(browser.come_back(code="c", state=sent["state"], iss=scene.provider.url)) == said


def test_the_callback_opened_again(scene: Scene) -> None:
    """From the history, or by a crawler: the browser has forgotten, and the claim code stays as it is."""
    browser = scene.worker.browser()
    sent = browser.begun()
    scene.provider.redeems(scene.provider.token(sent["nonce"]))
    back = {"code": "c", "state": sent["state"], "iss": scene.provider.url}
    assert outcome(browser.come_back(**back)) == "done"
    again = browser.come_back(**back)
    assert outcome(again) == "sign-in-not-begun"
    assert len(scene.provider.requests("/token")) == 1
    assert browser.claim(new_private_key()).status_code == 201


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"document_number": None}, "sign-in-without-document"),
        ({"document_number": ""}, "sign-in-without-document"),
        ({"document_number": "110105194912310021"}, "sign-in-without-document"),
        ({"document_number": 11010519491231002}, "sign-in-without-document"),
        ({"document_number": [NUMBER]}, "sign-in-without-document"),
        ({"document_number": "1" * 65}, "sign-in-without-document"),
        ({"document_number": "1101\x00"}, "sign-in-without-document"),
        ({"document_number": "通行"}, "sign-in-without-document"),
        ({"name": None}, "sign-in-without-document"),
        ({"name": ""}, "sign-in-without-document"),
        ({"name": {"zh": "王小明"}}, "sign-in-without-document"),
        ({"name": "王" * 1000}, "sign-in-without-document"),
        ({"name": "李小明"}, "sign-in-name-differs"),
        ({"document_number": "31011519900307045X"}, "sign-in-without-document"),
        ({"document_number": "CHN-E12345678"}, "holder-unknown"),
        ({"document_number": " 11010519491231002x "}, "done"),
        ({"aud": "other"}, "sign-in-unproven"),
        ({"iss": "https://evil.example"}, "sign-in-unproven"),
        ({"exp": NOW}, "sign-in-unproven"),
    ],
)
def test_what_the_provider_says_of_the_person(scene: Scene, claims: dict[str, Any], said: str) -> None:
    """Nothing that it says ends in another person's code, or in our fault."""
    scene.provider.says("/userinfo", {"sub": "wang"})
    answer = scene.sign_in(scene.worker.browser(), **claims)
    assert outcome(answer) == said
    assert (CLAIM in cookies(answer)) == (said == "done")


def test_an_assisted_code_is_not_to_be_had(scene: Scene) -> None:
    """A child on file for a relative's phone: the relative claims by the code that staff gave."""
    child = "410102201503120015"
    scene.worker.put_on_file(name="王小红", document={"number": valid(child)}, form="assisted", guardian="child")
    answer = scene.sign_in(scene.worker.browser(), name="王小红", document_number=valid(child))
    assert outcome(answer) == "holder-unknown"


def valid(number: str) -> str:
    """With the check character of GB 11643."""
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    total = sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))
    return number[:17] + "10X98765432"[total % 11]


def test_a_decision_by_hand_is_not_escaped(scene: Scene) -> None:
    """It waits in a claim code of staff. Who signs in instead of using that gets the decision all the same."""
    scene.worker.put_on_file(decision=by_hand())
    browser = scene.worker.browser()
    assert outcome(scene.sign_in(browser)) == "done"
    assert browser.claim(new_private_key()).get_json()["status"] == "red"


def test_where_somebody_ends_up(scene: Scene) -> None:
    """No parameter and no header leads anywhere but to the wallet of the settings (open redirect)."""
    browser = scene.worker.browser()
    names = ("redirect_uri", "next", "return_to", "error", "error_uri", "code")
    tricks = dict.fromkeys(names, "https://evil.example/")
    hosts = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "javascript"}
    for parameters in (tricks, {"error": "//evil.example"}, {"error": "x\r\nLocation: https://evil.example"}, {}):
        answer = browser.client.get("/v1/sign-in/callback", query_string=parameters, headers=hosts)
        assert outcome(answer) == "sign-in-not-begun"
    sent = browser.begun()
    answer = browser.come_back(error="//evil.example/#", state=sent["state"], iss=scene.provider.url)
    assert outcome(answer) == "sign-in-unavailable"


@pytest.mark.parametrize(
    ("error", "said"), [("access_denied", "sign-in-declined"), ("server_error", "sign-in-unavailable")]
)
def test_the_person_cancels(scene: Scene, error: str, said: str) -> None:
    """They come back to the wallet, with a word that it has a text for."""
    browser = scene.worker.browser()
    sent = browser.begun()
    assert outcome(browser.come_back(error=error, state=sent["state"], iss=scene.provider.url)) == said


def test_another_provider_answers(scene: Scene) -> None:
    """Mix-up: its code is not brought to ours, nor ours to it."""
    browser = scene.worker.browser()
    sent = browser.begun()
    for iss in ({"iss": "https://evil.example"}, {}):
        assert outcome(browser.come_back(code="c", state=sent["state"], **iss)) == "sign-in-unproven"
    assert scene.provider.requests("/token") == []


def test_the_provider_is_away(scene: Scene) -> None:
    """Before and after the person has signed in; and what it can do to us then."""
    browser = scene.worker.browser()
    sent = browser.begun()
    for body in (b"<html>busy", b" " * (MAX_ANSWER_BYTES + 1)):
        scene.provider.server.answer("/token", "200 OK", body)
        answer = browser.come_back(code="c", state=sent["state"], iss=scene.provider.url)
        assert outcome(answer) == "sign-in-unavailable"
    other = Worker(signing_in(scene.folder / "other", "http://127.0.0.1:1"))
    answer = other.browser().begin()
    assert (answer.status_code, answer.get_json()["code"]) == (503, "sign-in-unavailable")
    assert other.app.test_client().get("/v1/wallet").get_json()["sign_in"] is True
    other.close()


def test_only_our_own_page_begins(scene: Scene) -> None:
    """Another site's page must not have somebody sign in unawares: it would move their code away from their phone."""
    browser = scene.worker.browser()
    assert browser.begin(Origin="https://code.example").status_code == 200
    for origin in ("https://evil.example", "null", "https://code.example.evil.example", "http://code.example"):
        answer = browser.begin(Origin=origin)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "not-authorised")
        assert cookies(answer) == {}
    assert browser.client.get("/v1/sign-in").status_code == 405


def test_in_which_language_the_provider_speaks(scene: Scene) -> None:
    """That of the page, out of ours: what a page sends is passed on to somebody else."""
    client = scene.worker.app.test_client()
    said = client.post("/v1/sign-in", json={"language": "zh-HK"}).get_json()["location"]
    assert "ui_locales=zh-HK" in said
    assert client.post("/v1/sign-in", json={"language": "x&prompt=none"}).status_code == 422


def test_how_often(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """From one address, begun or come back: each can cost the provider a request."""
    monkeypatch.setattr("issuer.http.sign_in_views.SIGN_INS", SIGN_INS._replace(most=2))
    scene.worker.clock.time += 2 * HOUR_SECONDS
    browser = scene.worker.browser()
    sent = browser.begun()
    assert outcome(browser.come_back(error="access_denied", state=sent["state"], iss=scene.provider.url))
    assert outcome(browser.come_back(code="c", state=sent["state"])) == "rate-limited"
    assert browser.begin().status_code == 429


def test_off_unless_set(tmp_path: Path) -> None:
    """Nobody is sent anywhere, and the wallet shows no button."""
    worker = Worker(environment(tmp_path))
    browser = worker.browser()
    assert browser.client.get("/v1/wallet").get_json()["sign_in"] is False
    assert (browser.begin().status_code, browser.come_back(code="c").status_code) == (404, 404)
    worker.close()


def test_nobody_is_in_the_log(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator reads why a sign-in failed; neither whose it was, nor what would let them be that person."""
    browser = scene.worker.browser()
    for claims in ({}, {"name": "李小明"}, {"document_number": "1234567890123456X7"}, {"aud": "x"}):
        scene.sign_in(browser, **claims)
    sent = browser.begun()
    browser.come_back(error=NUMBER, state=sent["state"], iss=scene.provider.url)
    # As it is before anything is struck out.
    written = "".join(capsys.readouterr())
    assert "sign-in-name-differs" in written
    assert "provider says ?" in written
    begun = browser.client.get_cookie(BEGUN)
    claim = browser.client.get_cookie(CLAIM)
    assert begun and claim
    for secret in (
        NUMBER,
        "1234567890123456X7",
        "王",
        "李小明",
        sent["state"],
        sent["nonce"],
        begun.value,
        claim.value,
    ):
        assert secret not in written


def test_what_comes_of_it_is_counted(scene: Scene) -> None:
    """A provider that changed its claims shows in a number before anybody calls the hotline."""
    browser = scene.worker.browser()
    scene.sign_in(browser)
    scene.sign_in(browser, name="李小明")
    metrics = browser.client.get("/metrics").text
    assert 'tongxing_sign_ins_total{outcome="done"' in metrics
    assert 'tongxing_sign_ins_total{outcome="sign-in-name-differs"' in metrics


WHOLE = {
    "TONGXING_SIGN_IN_ISSUER": "https://id.example",
    "TONGXING_SIGN_IN_CLIENT_ID": "tongxing",
    "TONGXING_SIGN_IN_DOCUMENT_CLAIM": "id_number",
    "TONGXING_SIGN_IN_KEY_FILE": "/keys/sign-in.pem",
}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TONGXING_SIGN_IN_ISSUER": ""}, "TONGXING_SIGN_IN_ISSUER: missing"),
        ({"TONGXING_SIGN_IN_CLIENT_ID": ""}, "TONGXING_SIGN_IN_CLIENT_ID: missing"),
        ({"TONGXING_SIGN_IN_DOCUMENT_CLAIM": ""}, "TONGXING_SIGN_IN_DOCUMENT_CLAIM: missing"),
        ({"TONGXING_SIGN_IN_KEY_FILE": ""}, "TONGXING_SIGN_IN_KEY_FILE"),
        ({"TONGXING_SIGN_IN_CLIENT_SECRET_FILE": "/keys/secret"}, "TONGXING_SIGN_IN_KEY_FILE"),
        ({"TONGXING_SIGN_IN_ISSUER": "http://id.example"}, "TONGXING_SIGN_IN_ISSUER"),
        ({"TONGXING_SIGN_IN_ISSUER": "https://id.example?x"}, "TONGXING_SIGN_IN_ISSUER"),
        ({"TONGXING_SIGN_IN_ALGORITHM": "HS256"}, "TONGXING_SIGN_IN_ALGORITHM"),
        ({"TONGXING_SIGN_IN_ALGORITHM": "none"}, "TONGXING_SIGN_IN_ALGORITHM"),
        ({"TONGXING_SIGN_IN_SCOPE": "profile"}, "TONGXING_SIGN_IN_SCOPE"),
    ],
)
def test_half_a_sign_in_is_a_mistake(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    """It must stop the service, and not show itself to the first resident."""
    read_settings(IssuerSettings, environment(tmp_path, **WHOLE))
    with pytest.raises(SettingInvalid, match=named):
        read_settings(IssuerSettings, environment(tmp_path, **(WHOLE | changes)))


def test_keys_and_secrets_are_read_at_the_start(tmp_path: Path, scene: Scene) -> None:
    """A file that is missing, open to others or empty is found by the operator."""
    office = scene.worker.office
    secret = tmp_path / "secret"
    for content, mode, why in ((b"\n", 0o600, "empty"), (b"\xff", 0o600, "not text"), (b"s", 0o644, "0600")):
        secret.write_bytes(content)
        secret.chmod(mode)
        variables = signing_in(tmp_path, "https://id.example", TONGXING_SIGN_IN_CLIENT_SECRET_FILE=str(secret))
        with pytest.raises(SettingInvalid, match=why):
            open_sign_in(read_settings(IssuerSettings, variables), office.issuance, office.claim_codes, office.clock)
    key = str(key_file(tmp_path / "sign-in.pem"))
    settings = read_settings(IssuerSettings, environment(tmp_path, **(WHOLE | {"TONGXING_SIGN_IN_KEY_FILE": key})))
    assert open_sign_in(settings, office.issuance, office.claim_codes, office.clock) is not None
