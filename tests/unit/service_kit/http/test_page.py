"""A page that a service draws is a folder, and is served under the one policy because it is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from flask import Flask

from service_kit.http.front.page import add_look, add_pages_of

VIEW = 'PLACE = "desk/waiting"\n\n\ndef values():\n    return {"count": 3, "name": "<script>alert(1)</script>"}\n'
TEMPLATE = """{% extends "front/layout.html" %}
{% block title %}{{ say(text('page.state')) }}{% endblock %}
{% block main %}<h1>{{ say(text('page.state')) }}</h1><p>{{ count }} {{ name }}</p>{% endblock %}
"""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A service with one page of its own, whose folder was just put there."""
    folder = tmp_path / "house_of_the_test" / "pages" / "waiting"
    folder.mkdir(parents=True)
    (folder / "view.py").write_text(VIEW)
    (folder / "page.html").write_text(TEMPLATE)
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("house_of_the_test")]:
        monkeypatch.delitem(sys.modules, name)
    app = Flask("service", static_folder=None)
    add_look(app)
    add_pages_of(app, "house_of_the_test.pages")
    return app


@pytest.mark.parametrize(("language", "heading"), [("zh-CN", "现在的情况"), ("zh-HK", "現在的情況"), ("en", "Now")])
def test_a_folder_is_a_page_in_each_language(app: Flask, language: str, heading: str) -> None:
    """Nobody names it anywhere else: what has to be remembered is forgotten."""
    answer = app.test_client().get(f"/desk/waiting?lang={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert f"<h1>{heading}</h1>" in answer.text
    assert answer.headers["Content-Language"] == language


def test_nothing_runs_on_it_and_what_it_shows_is_written_out(app: Flask) -> None:
    """A name that is a script would otherwise act for whoever looks at it."""
    answer = app.test_client().get("/desk/waiting")
    assert "3 &lt;script&gt;" in answer.text
    assert "<script" not in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "form-action 'none'" in policy


def test_a_service_without_pages_of_its_own_is_no_fault() -> None:
    """Most have none."""
    app = Flask("service", static_folder=None)
    add_pages_of(app, "credentials.pages")
    assert [rule.rule for rule in app.url_map.iter_rules()] == []
