"""Every link from one page to another leads somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_CODE = re.compile(r"^( *)```.*?^\1```|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)


def pages() -> list[Path]:
    """Every page under version control, or about to be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True)
    if listing.returncode:
        pytest.skip("not a git clone")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def anchors(page: Path) -> set[str]:
    """The names under which the page's headings are found, as GitHub and GitLab make them."""
    headings = _HEADING.findall(re.sub(r"^( *)```.*?^\1```", "", page.read_text("utf-8"), flags=re.M | re.S))
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading) for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in plain}


def dead_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found = []
    for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            found.append(f"{page.relative_to(ROOT)}: {link}")
    return found


def test_every_link_leads_somewhere() -> None:
    """A page that is not there when a key has been stolen costs hours."""
    assert [link for page in pages() for link in dead_links(page)] == []


def test_no_page_leads_out_of_the_repository() -> None:
    """What lies beside this clone is not beside the next one."""
    links = [(page, link) for page in pages() for link in _LINK.findall(_CODE.sub("", page.read_text("utf-8")))]
    relative = [(page, link.split("#")[0]) for page, link in links if ":" not in link]
    assert [link for page, link in relative if not (page.parent / link).resolve().is_relative_to(ROOT)] == []


def test_the_twins_have_the_same_parts() -> None:
    """Whoever reads the Chinese page must find what the English one has: headings, lists, commands and links."""
    english, chinese = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
    assert _skeleton(english) == _skeleton(chinese)


def _skeleton(text: str) -> list[str]:
    """The marks at the beginnings of lines, the pages linked to, and the commands without their comments."""
    code = [
        re.sub(r" *#.*", "", line)
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
        for line in block.splitlines()
    ]
    marks = re.findall(r"^(?:#+ |\d+\. |- |\| )", _CODE.sub("", text), re.MULTILINE)
    pages = [link.split("#")[0] for link in _LINK.findall(_CODE.sub("", text)) if not link.startswith("README")]
    return [*marks, *pages, *code]
