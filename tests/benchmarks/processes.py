"""Issuing by several processes into one PostgreSQL: ``python -m tests.benchmarks.processes``.

Once with the key in a file, and once with a signer that takes five milliseconds, as a security module on the network
does: whoever holds a lock while signing makes the others wait for it.
"""

from __future__ import annotations

import multiprocessing
import time
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from secrets import token_hex

from credentials.keys import load_private_key, new_private_key, private_key_pem
from credentials.signing import PemSigner
from issuer.issuing.issuance import Issuance, ask_for
from issuer.storage.holders import SqlPersonStore
from issuer.storage.sql import MIGRATIONS, VERSION_TABLE, SqlIssuerStore
from service_kit.storage.database import connect, migrate
from tests.servers import PostgreSQL, new_database
from tests.unit.issuer.office import AUDIENCE, NOW, SECRETS, own_key, paper

SECONDS = 4
MODULE_SECONDS = 0.005
SPAWN = multiprocessing.get_context("spawn")


class SlowSigner(PemSigner):
    """Signs after a while."""

    def sign(self, message: bytes) -> bytes:
        time.sleep(MODULE_SECONDS)
        return super().sign(message)


def main() -> None:
    """Print a row for each signer, batch and number of processes."""
    server = PostgreSQL()
    try:
        print("| signer | batch | processes | codes/s |\n| --- | --- | --- | --- |")
        for slow in (False, True):
            for batch in (1, 20):
                for processes in (1, 4, 8):
                    with new_database(server.url()) as url:
                        rate = _rate(url, slow, batch, processes)
                    print(f"| {'5 ms' if slow else 'file'} | {batch} | {processes} | {rate:,.0f} |", flush=True)
    finally:
        server.close()


def _rate(url: str, slow: bool, batch: int, processes: int) -> float:
    engine = connect(url)
    migrate(engine, MIGRATIONS, VERSION_TABLE)
    engine.dispose()
    pem, start, done = private_key_pem(new_private_key()), SPAWN.Barrier(processes), SPAWN.Queue()
    crowd = [SPAWN.Process(target=_work, args=(url, pem, slow, batch, start, done)) for _ in range(processes)]
    for process in crowd:
        process.start()
    issued: int = sum(done.get() for _ in crowd)
    for process in crowd:
        process.join()
    return issued / SECONDS


def _work(url: str, pem: bytes, slow: bool, batch: int, start: Barrier, done: Queue[int]) -> None:
    private_key, engine = load_private_key(pem), connect(url)
    key = own_key(private_key)
    signer = (SlowSigner if slow else PemSigner)(private_key, key.kid)
    people = SqlPersonStore(engine)
    issuance = Issuance(SqlIssuerStore(engine), people, signer, key, "health-commission", SECRETS, AUDIENCE)
    issuance.issue("warm", ask_for(paper(), token_hex(8)), NOW)
    start.wait()
    end, issued = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        issued += len(issuance.issue_many("app", [ask_for(paper(), token_hex(8)) for _ in range(batch)], NOW))
    done.put(issued)
    engine.dispose()


if __name__ == "__main__":
    main()
