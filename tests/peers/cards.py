"""PyPI's ``cwt`` by its own recipe for EU cards, at the same cards as ours: the setup on the first line, then a round a
line; the answer is microseconds a card. Imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
import zlib

import base45
from cwt import CWT, Claims, load_pem_hcert_dsc

ANY_LATENESS_SECONDS = 2**32
"""The cards are of another day than this machine."""


def main() -> None:
    """Until the input ends."""
    setup = json.loads(sys.stdin.readline())
    key = load_pem_hcert_dsc(setup["certificate"])
    reader = CWT.new(leeway=ANY_LATENESS_SECONDS)
    for _ in sys.stdin:
        began = time.perf_counter()
        for text in setup["dcc"]:
            claims = Claims.new(reader.decode(zlib.decompress(base45.b45decode(text[4:])), keys=[key]))
            assert claims.hcert[1]["ver"]
        took = (time.perf_counter() - began) * 1e6 / len(setup["dcc"])
        print(json.dumps({"cwt": took}), flush=True)


if __name__ == "__main__":
    main()
