"""What is measured, with its budgets. V: one bare ES256 verification; S: one bare ES256 signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from credentials.algorithms.table import PrivateKey
from credentials.formats import native, presentation, table
from credentials.formats.native import claims
from credentials.keys import new_private_key
from credentials.model import StatusCredential
from credentials.profile.reasons import Outcome
from credentials.recognition.language.certlogic import RuleState, compile_rule, evaluate
from credentials.recognition.language.vocabulary import rule_input
from credentials.signing import PemSigner
from credentials.wire import base45, cose
from credentials.wire.cose import Envelope
from tests.benchmarks import scene
from tests.benchmarks.measuring import INPUTS, Call, Row
from tests.vectors.cast import NOW, signer
from tests.vectors.codes import PAPER, issue
from tests.vectors.knowledge import HENAN, STRANGER
from verifier.judging.knowledge import Knowledge
from verifier.judging.policy import PROFILES
from verifier.judging.recipe import judge

_ECDSA = ec.ECDSA(hashes.SHA256())
_VENUE = PROFILES["venue"]
MANY, FEW = 100_000_000, 100_000


def verifying() -> Iterator[Row]:
    """From text to verdict; of foreign cards beside their peers: :mod:`tests.benchmarks.abroad`."""
    known = scene.knowledge()
    status = known.statuses[HENAN]
    papers, lives = scene.papers(status), scene.lives(status)
    yield Row("V", bare_verifications(map(native.unwrap, papers), signer(HENAN, "credential-1").public_key))
    yield _judging("paper code to verdict", papers, known, Outcome.ACCEPTED, 1.60)
    yield _judging("live code to verdict", lives, known, Outcome.ACCEPTED, 3.20)
    strangers = [issue(code._replace(issuer=STRANGER), "credential-7") for code in scene.credentials(status, PAPER)]
    yield _judging("refused: unknown key", strangers, known, Outcome.REFUSED, 0.20)
    yield _judging("refused: cut off", [text[:-9] for text in papers], known, Outcome.REFUSED, 0.20)
    garbage = [f"https://example.org/{number}" for number in range(INPUTS)]
    yield _judging("refused: garbage", garbage, known, Outcome.REFUSED, 0.05)
    yield _compiled_rule()
    yield from _at_scale()


def issuing() -> Iterator[Row]:
    """From a credential to text. A budget is the reciprocal of the share of the bare signing rate."""
    private_key = new_private_key()
    key = PemSigner(private_key, bytes(8))
    credentials = scene.credentials(scene.status(FEW), PAPER)
    payloads = [claims.encode(credential) for credential in credentials]
    own_key = scene.knowledge(FEW).trust.keys[signer(HENAN, "credential-1").kid].key  # type: ignore[union-attr]
    own_key = own_key._replace(public_key=private_key.public_key())
    yield bare_signature(private_key, payloads)
    yield Row("issue to text", lambda i: native.issue_text(credentials[i % INPUTS], key), 1 / 0.40, "S")

    def checked(number: int) -> None:
        credential: StatusCredential = credentials[number % INPUTS]
        text = native.issue_text(credential, key)
        assert claims.decode(cose.verify(native.unwrap(text), own_key)) == credential

    yield Row("issue to text, self-checked", checked, 1 / 0.12, "S")


def bare_signature(private_key: PrivateKey, payloads: Sequence[bytes] = (bytes(200),)) -> Row:
    """The unit S."""
    return Row("S", lambda i: private_key.sign(payloads[i % len(payloads)], _ECDSA), unit="S")


def steps() -> Iterator[Row]:
    """Where the time of a verdict goes."""
    known = scene.knowledge()
    trust, status, rules = known.trust, known.statuses[HENAN], known.rule_sets[0]
    assert trust is not None
    papers, lives = scene.papers(status), scene.lives(status)
    bodies = [text.removeprefix(native.PREFIX) for text in papers]
    envelopes = [native.unwrap(text) for text in papers]
    shown = [presentation.unwrap(text) for text in lives]
    key = trust.keys[envelopes[0].kid].key
    verified = [cose.verify(envelope, key) for envelope in envelopes]
    read = [claims.decode(payload) for payload in verified]
    holders = [claims.decode(cose.verify(live.envelope, key)) for live in shown]
    holder = claims.holder_public_key(holders[0])
    yield Row("V", bare_verifications(map(native.unwrap, papers), signer(HENAN, "credential-1").public_key))
    yield Row("Base45", lambda i: base45.decode(bodies[i % INPUTS]))
    yield Row("text to envelope (with Base45)", lambda i: table.unwrap(papers[i % INPUTS]))
    yield Row("issuer's signature", lambda i: cose.verify(envelopes[i % INPUTS], key))
    yield Row("claims", lambda i: claims.decode(verified[i % INPUTS]))
    yield Row("withdrawal", lambda i: status.is_withdrawn(read[i % INPUTS].status_reference))  # type: ignore[arg-type]
    yield Row("rules", lambda i: rules.judge(read[i % INPUTS], NOW))
    yield Row("live: text to envelope", lambda i: table.unwrap(lives[i % INPUTS]))
    yield Row("live: holder's key", lambda i: claims.holder_public_key(holders[i % INPUTS]))
    yield Row("live: holder's signature", lambda i: presentation.verify(shown[i % INPUTS], holder))


def _at_scale() -> Iterator[Row]:
    """What is verified does not get dearer with what was issued."""
    for issued, unit, budget in ((FEW, "V", None), (MANY, f"verdict with {FEW:,} codes issued", 1.05)):
        known = scene.knowledge(issued)
        texts = scene.papers(known.statuses[HENAN])
        yield Row(f"verdict with {issued:,} codes issued", _judge_all(texts, known, Outcome.ACCEPTED), budget, unit)


def _compiled_rule() -> Row:
    """A rule as provinces write them: eleven operators, of which all run."""
    tested = "payload.latest.nucleic-acid"
    sampled, now = {"var": f"{tested}.sampledAt"}, {"var": "external.validationClock"}
    window = [{"plusTime": [sampled, 0, "hour"]}, {"plusTime": [now, 0, "hour"]}, {"plusTime": [sampled, 48, "hour"]}]
    positive = {"===": [{"var": f"{tested}.result"}, "positive"]}
    rule = compile_rule({"and": [{"!": [positive]}, {"not-after": window}]})
    data = [rule_input(PAPER, NOW + number) for number in range(INPUTS)]
    assert {evaluate(rule, each) for each in data} == {RuleState.PASS}, "what is measured must be what is meant"
    return Row("compiled rule of 11 operators", lambda i: evaluate(rule, data[i % INPUTS]), 0.05)


def _judging(name: str, texts: list[str], known: Knowledge, expected: Outcome, budget: float) -> Row:
    return Row(name, _judge_all(texts, known, expected), budget)


def _judge_all(texts: list[str], known: Knowledge, expected: Outcome) -> Call:
    outcomes = {judge(text, known, NOW, _VENUE).outcome for text in texts}
    assert outcomes == {expected}, "what is measured must be what is meant"
    return lambda number: judge(texts[number % INPUTS], known, NOW, _VENUE)


def bare_verifications(envelopes: Iterable[Envelope], public_key: ec.EllipticCurvePublicKey) -> Call:
    """The signatures of these very codes, with nothing around them."""
    prepared = []
    for envelope in envelopes:
        r, s = (int.from_bytes(half, "big") for half in (envelope.signature[:32], envelope.signature[32:]))
        prepared.append((encode_dss_signature(r, s), envelope.signed_bytes))
    return lambda number: public_key.verify(*prepared[number % len(prepared)], _ECDSA)
