"""`/verifier/proof/` in a real browser: both kinds of proof are checked on the device, and nothing of them is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, Route, expect
from werkzeug.serving import make_server

from credentials.decisions.proof import DecisionFile
from credentials.keys import jwk_of
from credentials.log.checkpoint import sign_checkpoint
from credentials.log.note import sign_text, with_signatures
from credentials.log.proof import LogProof
from credentials.log.tree import leaf_hash, nodes_of, prove_inclusion, root_of
from service_kit.http.pages import add_pages
from tests.serving import in_thread
from tests.unit.credentials.decisions import test_proof as decided
from tests.unit.credentials.log.logs import LOG_SIGNER, entry, witness
from tests.web.axe import look
from tests.web.conftest import Launch
from verifier.app import PROOF_APP

SIZE, NUMBER = 300, 257
NODES = nodes_of([leaf_hash(entry(number)) for number in range(SIZE)])
POLICY = f"log {LOG_SIGNER.key.vkey}\nwitness w {witness(0).key.vkey}\nquorum w\n"
KEY = decided.OWN
LIST = {
    "registry_time": 1_795_000_000,
    "denied": [],
    "members": [
        {
            "id": KEY.member,
            "logs": [decided.LOG_SIGNER.key.vkey, *(each.key.vkey for each in decided.WITNESSES)],
            "keys": [
                {
                    "kid": KEY.kid.hex(),
                    "algorithm": KEY.algorithm,
                    "use": KEY.use,
                    "not_before": KEY.not_before,
                    "not_after": KEY.not_after,
                    "jwk": jwk_of(KEY.public_key),
                }
            ],
        }
    ],
}


@pytest.fixture
def page(launch: Launch) -> Iterator[Page]:
    app = Flask("verifier")
    add_pages(app, PROOF_APP, "/verifier/proof/")
    app.add_url_rule("/verifier/v1/snapshot", "snapshot", lambda: {"trust": LIST})
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # The server outlives the page, whose worker may still be asking it.
    with in_thread(server):
        page = launch(locale="en", bypass_csp=True).pages[0]
        page.goto(f"http://127.0.0.1:{server.server_port}/verifier/proof")
        yield page
        page.context.close()


def leaf_proof(leaf: bytes = entry(NUMBER)) -> bytes:
    """A leaf with its proof, cosigned by one witness."""
    note = sign_checkpoint(SIZE, root_of(NODES, SIZE), LOG_SIGNER)
    note = with_signatures(note, [sign_text(note.text, witness(0), 5)])
    return LogProof(NUMBER, tuple(prove_inclusion(NODES, NUMBER, SIZE)), note, leaf).content


def check(page: Page, content: bytes, policy: str = "") -> None:
    page.set_input_files("#proof", {"name": "chosen", "mimeType": "text/plain", "buffer": content})
    page.fill("#policy", policy)
    page.click("button.primary")


def changed(change: Callable[[DecisionFile], DecisionFile]) -> bytes:
    return change(decided.Made().file()).content


DECISION = decided.Made().file()
BROKEN = {
    "no proof": (b"nonsense", "", "no proof file"),
    "JSON of another kind": (b'{"a":1}', "", "no proof file"),
    "nothing": (b"", "", "no proof file"),
    "a proof of a leaf that was cut": (leaf_proof()[:300], POLICY, "cut or damaged"),
    "a decision that was cut": (DECISION.content[:-40], "", "cut or damaged"),
    "a field twice": (DECISION.content[:-1] + b',"salt":"00"}', "", "cut or damaged"),
    "too large": (bytes(512 * 1024 + 1), "", "too large"),
    "no policy": (leaf_proof(), " ", "judged by a policy"),
    "a policy of other words": (leaf_proof(), "trust me", "policy cannot be read"),
    "another log": (leaf_proof(), f"log {decided.LOG_SIGNER.key.vkey}\nquorum none", "another log"),
    "a wrong signature": (leaf_proof().replace(b"\n300\n", b"\n301\n"), POLICY, "signature is wrong"),
    "another witness": (
        leaf_proof(),
        POLICY.replace(witness(0).key.vkey, witness(1).key.vkey),
        "Too few witnesses",
    ),
    "another leaf": (leaf_proof(b"another"), POLICY, "not in the log's tree"),
    "a copy without a code": (changed(lambda file: file._replace(code=None)), "", "names no code"),
    "a decision by rule that staff signed": (changed(lambda file: file._replace(signatures={})), "", "cut or damaged"),
    "another text": (changed(lambda file: file._replace(salt=bytes(32))), "", "do not belong together"),
    "another place in the leaf": (changed(lambda file: file._replace(place=0)), "", "do not belong together"),
    "another place in the log": (
        changed(lambda file: file._replace(proof=file.proof._replace(number=0))),
        "",
        "not in the log's tree",
    ),
    "another log of the province": (
        decided.Made(log=LOG_SIGNER).file().content,
        "",
        "another log",
    ),
}


def test_a_proof_is_checked_on_the_device_and_nothing_is_sent(page: Page) -> None:
    """What holds is shown with what was and was not checked; what does not is named, in the language that is chosen."""
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request))
    assert look(page, "proof-empty", "en") == []
    label, box = (page.locator(each).bounding_box() for each in ("label[for=proof]", "#proof"))
    assert label and box and box["y"] - label["y"] - label["height"] >= 4, "what a field is called touches it"
    page.click("button.primary")
    expect(page.locator("#result")).to_contain_text("Choose a proof file first")
    for name, (content, policy, words) in BROKEN.items():
        check(page, content, policy)
        expect(page.locator("#result"), name).to_contain_text(words)
        expect(page.locator("[data-holds]"), name).to_have_attribute("data-holds", "false")
    assert look(page, "proof-broken", "en") == []
    check(page, DECISION.content)
    for words in ("The proof holds", "Positive test", decided.LOG_SIGNER.key.name, "CN-40/witness", "Not checked"):
        expect(page.locator("#result")).to_contain_text(words, ignore_case=True)
    assert look(page, "proof-decision", "en") == []
    check(page, leaf_proof())
    page.set_input_files("#policy-file", {"name": "p", "mimeType": "text/plain", "buffer": POLICY.encode()})
    expect(page.locator("#policy")).to_have_value(POLICY)
    page.click("button.primary")
    for words in ("The proof holds", "number 257", "witness-0.example", "Whose the keys in the policy are"):
        expect(page.locator("#result")).to_contain_text(words)
    page.click("button[lang=zh-HK]")
    expect(page.locator("[data-holds=true]")).to_contain_text("證明成立")
    expect(page.locator("html")).to_have_attribute("lang", "zh-HK")
    assert {request.method for request in sent} == {"GET"}
    assert {request.url.partition("/verifier/")[2] for request in sent} == {"v1/snapshot"}


def test_an_answer_about_one_file_does_not_stand_below_another(page: Page) -> None:
    """The trust list comes late: by then a forgery was chosen, or another policy, and "holds" would be theirs."""
    held: list[Route] = []
    page.route("**/v1/snapshot", lambda route: held.append(route))
    result = page.locator("#result")
    check(page, DECISION.content)
    check(page, b"nonsense")
    expect(result).to_contain_text("no proof file")
    answered(page, held)
    expect(result).to_contain_text("no proof file")
    check(page, leaf_proof(), POLICY)
    expect(page.locator("[data-holds=true]")).to_be_visible()
    page.locator("#policy").press_sequentially("x")
    expect(result).to_be_empty()


def answered(page: Page, held: list[Route]) -> None:
    """Let what was asked for come, and the page take it."""
    while not held:
        page.wait_for_timeout(20)
    with page.expect_request_finished():
        held.pop().continue_()
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
