"""A worker process for the tests of counting together: two applications, and orders on standard input.

``count N`` has N requests answered by each, ``scrape`` prints what the first one's ``/metrics`` says on one line.
"""

from __future__ import annotations

import json
import sys

from service_kit import logs
from service_kit.http.web import make_app


def main() -> None:
    logs.configure("ERROR")
    first, second = (make_app(name).test_client() for name in ("issuer", "verifier"))
    for line in sys.stdin:
        order, _, number = line.strip().partition(" ")
        if order == "count":
            for _ in range(int(number)):
                first.get("/healthz")
                second.get("/healthz")
        print(json.dumps(first.get("/metrics").text if order == "scrape" else "done"), flush=True)


if __name__ == "__main__":
    main()
