"""Other people's implementations, asked one question: JSON on standard input, JSON on standard output.

Run by the Python of the peers' own environment, because ``cwt`` needs another cbor2 than ours. Imports
nothing of ours: what it answers is what somebody with only the specifications would read.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

COSE_SIGN1 = 18
PROTECTED, PAYLOAD = 0, 2
KID = 4


def read_code(text: str, key: dict[str, str]) -> dict[str, Any]:
    """The claims of a ``TX1:`` text whose signature holds under the JWK ``key``."""
    return {"claims": _claims(_base45(text, "TX1:"), key)}


def read_live_code(text: str, key: dict[str, str]) -> dict[str, Any]:
    """The claims of a ``TXP1:`` text in time mode, its time, and whether the key in its cnf signed it."""
    import hashlib

    import cbor2
    from cwt import COSEKey

    data = _base45(text, "TXP1:")
    stream = io.BytesIO(data[1:])
    cbor2.load(stream)
    credential = data[1 : 1 + stream.tell()]
    time, mode, signature = (cbor2.load(stream) for _ in range(3))
    claims = _claims(credential, key)
    x, odd = claims[8][1][-2], claims[8][1][-3]
    holder = COSEKey.new({**claims[8][1], 3: -7, -3: _whole_y(x, odd)})
    holder.verify(cbor2.dumps(["TXP1", hashlib.sha256(credential).digest(), time, None, None]), signature)
    return {"claims": claims, "time": time, "mode": mode, "rest": stream.read()}


def speed(texts: list[str], key: dict[str, str], rounds: int) -> dict[str, Any]:
    """What ``base45`` and ``cwt`` cost for these ``TX1:`` texts, in bare ES256 verifications of the same run."""
    from statistics import median

    import cbor2
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
    from cwt import COSE, COSEKey

    kid = cbor2.loads(cbor2.loads(_base45(texts[0], "TX1:")).value[PROTECTED])[KID]
    x, y = (base64.urlsafe_b64decode(key[name] + "=") for name in ("x", "y"))
    named = COSEKey.new({1: 2, 2: kid, 3: -7, -1: 1, -2: x, -3: y})
    public_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    algorithm = ec.ECDSA(hashes.SHA256())
    prepared = []
    for text in texts:
        protected, _, payload, signature = cbor2.loads(_base45(text, "TX1:")).value
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        message = cbor2.dumps(["Signature1", protected, b"", payload])
        prepared.append((encode_dss_signature(r, s), message, algorithm))
    cose, ratios = COSE.new(), []
    for _ in range(rounds):
        bare = _seconds(lambda: [public_key.verify(*each) for each in prepared])
        whole = _seconds(lambda: [cose.decode(_base45(text, "TX1:"), named) for text in texts])
        ratios.append(whole / bare)
    return {"ratio": median(ratios)}


def _seconds(deed: Any) -> float:
    import time

    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def seal(payload: str, kid: str, key: dict[str, str]) -> dict[str, Any]:
    """What ``cwt`` makes of a payload with alg and kid in the protected header; ``key`` is private."""
    from cwt import COSE, COSEKey

    signed = COSE.new().encode_and_sign(
        bytes.fromhex(payload), COSEKey.from_jwk({**key, "alg": "ES256"}), {1: -7, 4: bytes.fromhex(kid)}
    )
    return {"data": signed}


def read_picture(picture: str) -> dict[str, Any]:
    """The text of the QR symbol in a picture, or "" where OpenCV reads none."""
    import cv2
    import numpy

    pixels = cv2.imdecode(numpy.frombuffer(base64.b64decode(picture), numpy.uint8), cv2.IMREAD_GRAYSCALE)
    # The other detector of OpenCV misses one sound symbol in twenty.
    return {"text": cv2.QRCodeDetectorAruco().detectAndDecode(pixels)[0]}


def _whole_y(x: bytes, odd: bool) -> bytes:
    """y of a compressed P-256 point (SEC 1 section 2.3.4), which ``cwt`` does not read."""
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    number = int.from_bytes(x, "big")
    y = pow(number**3 - 3 * number + b, (p + 1) // 4, p)
    return (y if y % 2 == odd else p - y).to_bytes(32, "big")


def _base45(text: str, prefix: str) -> bytes:
    from base45 import b45decode

    assert text.startswith(prefix)
    data: bytes = b45decode(text[len(prefix) :])
    return data


def _claims(data: bytes, key: dict[str, str]) -> dict[Any, Any]:
    import cbor2
    from cwt import COSE, COSEKey

    outer = cbor2.loads(data)
    assert outer.tag == COSE_SIGN1
    x, y = (base64.urlsafe_b64decode(key[name] + "=") for name in ("x", "y"))
    kid = cbor2.loads(outer.value[PROTECTED])[KID]
    COSE.new().decode(data, COSEKey.new({1: 2, 2: kid, 3: -7, -1: 1, -2: x, -3: y}))
    claims: dict[Any, Any] = cbor2.loads(outer.value[PAYLOAD])
    assert cbor2.dumps(claims, canonical=True) == outer.value[PAYLOAD], "not deterministic CBOR"
    return claims


QUESTIONS = {question.__name__: question for question in (read_code, read_live_code, speed, seal, read_picture)}

if __name__ == "__main__":
    asked = json.load(sys.stdin)
    print(json.dumps(QUESTIONS[asked.pop("question")](**asked), default=bytes.hex))
