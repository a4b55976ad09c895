"""The apps' files as they are served: what each may run."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from service_kit.http.pages import CONTENT_SECURITY_POLICY, add_pages


def test_only_the_reader_of_symbols_has_a_policy_of_its_own(tmp_path: Path) -> None:
    """Older browsers let WebAssembly run by one word alone; the page, its scripts and look-alikes do not get it."""
    (tmp_path / "assets").mkdir()
    names = ["index.html", "assets/decoder-AbCd_1-2.js", "assets/index-AbCd1234.js", "decoder-AbCd1234.js"]
    for name in names:
        (tmp_path / name).write_text("x")
    app = Flask(__name__)
    add_pages(app, tmp_path)
    policies = {}
    for name in names:
        answer = app.test_client().get(f"/{name}")
        policies[name] = answer.headers["Content-Security-Policy"]
        answer.close()
    assert [name for name, policy in policies.items() if "eval" in policy] == ["assets/decoder-AbCd_1-2.js"]
    assert {policies[name] for name in names if name != "assets/decoder-AbCd_1-2.js"} == {CONTENT_SECURITY_POLICY}
