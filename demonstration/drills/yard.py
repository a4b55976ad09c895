"""Where drills take place: a registry, a province with its witness and its monitor, and a mirror that lies."""

from __future__ import annotations

import json
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from credentials.log.checkpoint import Checkpoint
from credentials.log.keys import NoteSigner
from credentials.log.request import AddCheckpoint
from credentials.log.tiles import nodes_from
from credentials.log.tree import prove_consistency
from demonstration.cast import HENAN, ActingProvince, Registry
from demonstration.world import HOST, World
from service_kit.fetch import Response
from trust_registry.client.log_reader import LogReader
from trust_registry.root.founding import load_log

MAX_ANSWER_BYTES = 65_536


class Look(NamedTuple):
    """What one look of the monitor came to: its exit code, words and subjects of its findings, leaves by kind."""

    code: int
    found: list[tuple[str, str]]
    kinds: dict[str, int]
    evidence: list[str]

    @property
    def words(self) -> set[str]:
        """The words alone."""
        return {word for word, _ in self.found}


class LyingMirror:
    """A folder with a registry's mirror, served over HTTP, that the drill writes into."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.url = folder / "mirror", f"http://{HOST}:{port}"

    def copy(self, mirror: Path, without: str | None = None) -> None:
        """Show what this mirror shows now; ``without``: a folder of it that is left as it was."""
        for part in mirror.iterdir():
            if part.is_file():
                shutil.copy(part, self.folder / part.name)
            elif part.name != without:
                shutil.rmtree(self.folder / part.name, ignore_errors=True)
                shutil.copytree(part, self.folder / part.name)

    def list_proofs(self) -> dict[str, bytes]:
        """The proofs of trust lists that it shows, by path below the log's."""
        lists = self.folder / "log" / "lists"
        return {f"lists/{path.name}": path.read_bytes() for path in lists.glob("*.tlog-proof")}

    def put_log(self, files: dict[str, bytes]) -> None:
        """Show this log in the place of the one before."""
        shutil.rmtree(self.folder / "log", ignore_errors=True)
        for path, content in files.items():
            place = self.folder / "log" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


class Yard:
    """The servers, which all drills share; each drill leaves the registry sound."""

    def __init__(self, world: World, registry: Registry, province: ActingProvince) -> None:
        """``province``: whose server witnesses the registry's log, and whose monitor looks."""
        self.world, self.registry, self.province = world, registry, province
        self.key = self._log_key()
        self.policy = world.folder / "registry.policy"
        registry.write_policy(self.policy)

    @classmethod
    def opened(cls, world: World) -> Yard:
        """A yard of its own: a registry, and Henan with its witness alone, enrolled."""
        registry = Registry(world)
        henan = ActingProvince(world, registry, HENAN, witnesses=True)
        henan.server.roles = ("witness",)
        henan.submit_statement()
        draft = registry.draft({HENAN.member: HENAN.entry()})
        for officer in (0, 1):
            registry.approve(draft["id"], officer)
        registry.publish(draft["id"])
        world.start(henan.server)
        registry.publish_log()
        return cls(world, registry, henan)

    @property
    def mirror(self) -> Path:
        """The registry's own mirror, on its disk."""
        return self.registry.folder / "mirror"

    def deed(self) -> str:
        """Something that the registry does and its log must tell of: a made-up key is denied; its kid."""
        kid = secrets.token_hex(8)
        self.world.run(
            "registry", "deny", kid, "--registry", self.registry.url, "--key", self.registry.key_of(0),
            "--reason", "lost",
        )  # fmt: skip
        return kid

    def entries(self) -> list[bytes]:
        """All leaves as the registry's mirror shows them."""
        reader = LogReader(f"{self.registry.url}/mirror/log", self.world.fetcher)
        size = reader.checkpoint()[0].size
        return [entry for number in range(-(-size // 256)) for entry in reader.entries(number, size)]

    def look(self, url: str | None = None, memory: str = "monitor", later: int = 0, grace: int = 600) -> Look:
        """The province's monitor looks at the registry, or at another mirror; ``later``: so many seconds from now."""
        settings = {"TONGXING_ENVIRONMENT": "demo", "TONGXING_CLOCK_OFFSET_SECONDS": str(later)} if later else {}
        done = self.world.attempt(
            "log", "monitor", "--registry", url or self.registry.url, "--policy", str(self.policy),
            "--root", str(self.registry.trust_root), "--province", str(self.province.keys), "--grace", str(grace),
            "--state", str(self.world.folder / f"{memory}.json"), "--json", settings=settings,
        )  # fmt: skip
        told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"findings": [], "logs": {}}
        found = [(each["word"], each["about"]) for each in told["findings"]]
        evidence = [note for each in told["findings"] for note in each["evidence"]]
        kinds = told["logs"].get(self.key.key.name, {}).get("kinds", {})
        return Look(done.returncode, found, kinds, evidence)

    def gates_meet(self, url: str) -> list[tuple[int, str]]:
        """A gate that asks the registry's mirror and one that asks ``url`` each look at what the other has seen: how
        the comparison ended there, and its answer."""
        places = [self._gate(name, at) for name, at in (("gate", self.registry.url), ("other-gate", url))]
        seen = []
        for number, settings in enumerate(places):
            self.world.run("verifier", "sync", settings=settings)
            seen.append(self.world.folder / f"seen-{number}.json")
            seen[-1].write_text(self.world.run("verifier", "state", "--json", settings=settings))
        met = []
        for settings, file in zip(places, reversed(seen), strict=True):
            done = self.world.attempt("verifier", "compare", str(file), "--json", settings=settings)
            met.append((done.returncode, json.loads(done.stdout)["answer"] if done.stdout else done.stderr))
        return met

    def looks_until(self, word: str, look: Callable[[], Look]) -> Look:
        """Look again and again until it is found. Raises Unavailable."""
        looks: list[Look] = []

        def has_come() -> bool:
            looks.append(look())
            return word in looks[-1].words

        self.world.wait(has_come, f"the monitor never said {word}")
        return looks[-1]

    def ask_witness(self, url: str | None = None) -> Response:
        """Bring the checkpoint at ``url``, the registry's or another mirror's, to the province's witness as a log does;
        its answer to the size that it says it knows."""
        reader = LogReader(f"{url or self.registry.url}/mirror/log", self.world.fetcher)
        checkpoint, note = reader.checkpoint()
        answer = self._add(reader, checkpoint, note, 0)
        known = answer.body.decode(errors="replace").strip()
        if answer.status == 409 and known.isdigit() and int(known) <= checkpoint.size:
            answer = self._add(reader, checkpoint, note, int(known))
        return answer

    @contextmanager
    def lying_mirror(self) -> Iterator[LyingMirror]:
        """A mirror beside the registry's, at first the same."""
        folder = self.world.folder / f"lying-{secrets.token_hex(4)}"
        (folder / "mirror").mkdir(parents=True)
        server = ThreadingHTTPServer((HOST, 0), partial(_Quiet, directory=str(folder)))
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            mirror = LyingMirror(folder, server.server_port)
            mirror.copy(self.mirror)
            yield mirror
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _add(self, reader: LogReader, checkpoint: Checkpoint, note: Any, old: int) -> Response:
        proof = prove_consistency(nodes_from(reader.hashes, checkpoint.size), old, checkpoint.size)
        content = AddCheckpoint(old, tuple(proof), note).content
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        url = f"{self.province.server.url('witness')}/add-checkpoint"
        return self.world.fetcher.send("POST", url, limit=MAX_ANSWER_BYTES, body=content, headers=headers)

    def _gate(self, name: str, url: str) -> dict[str, str]:
        folder = self.world.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return {
            "TONGXING_DATA_DIR": str(folder),
            "TONGXING_MEMBER": self.province.home.member,
            "TONGXING_TRUST_ROOT": str(self.registry.trust_root),
            "TONGXING_REGISTRY_URL": url,
        }

    def _log_key(self) -> NoteSigner:
        """The key that a thief has."""
        first_root = (self.mirror / "metadata" / "1.root.json").read_bytes()
        return load_log(self.registry.folder, None, first_root)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what was asked of a lying mirror is nobody's matter."""
