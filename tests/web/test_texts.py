"""What the apps say, in three languages: every catalogue that an app brings (``texts.ts``) is found by itself."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CATALOGUES = sorted(
    str(path.relative_to(ROOT))
    for wing in ("issuer", "verifier", "trust_registry")
    for path in ROOT.glob(f"{wing}/*/texts.ts")
)
READ = """
import { rolldown } from "rolldown";
const bundle = await rolldown({ input: process.argv[1], logLevel: "silent" });
const { output } = await bundle.generate({ format: "esm" });
const address = "data:text/javascript;base64," + Buffer.from(output[0].code).toString("base64");
console.log(JSON.stringify((await import(address)).TEXTS));
"""
SIMPLIFIED = set(
    "码验证签发过数据网络设备话请选择们这时间问题开关应认识别无线换标图输进连质询条单书写读听说语断损态离简"
)
"""Often used, and never in zh-HK."""
TRADITIONAL = set(
    "碼驗證簽發過數據網絡設備話請選擇們這時間問題開關應認識別無線換標圖輸進連質詢條單書寫讀聽說語斷損態離簡"
)
"""Often used, and never in zh-CN."""


@pytest.fixture(params=CATALOGUES)
def texts(request: pytest.FixtureRequest) -> dict[str, dict[str, str]]:
    """One app's texts: language, name, text. Skips without Node or its packages."""
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "rolldown").is_dir():
        pytest.skip("NOT CHECKED: no Node with the packages of package-lock.json; make apps installs them")
    command = [node, "--input-type=module", "--eval", READ, request.param]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    read: dict[str, dict[str, str]] = json.loads(done.stdout)
    return read


def test_every_app_is_found() -> None:
    """A pattern that finds nothing would let everything pass."""
    assert {"verifier/gate_app/texts.ts", "verifier/proof_app/texts.ts", "issuer/wallet/texts.ts"} <= set(CATALOGUES)


def test_all_languages_say_the_same(texts: dict[str, dict[str, str]]) -> None:
    """A text that is missing shows its name, or nothing, to somebody who reads no other language."""
    assert list(texts) == ["zh-CN", "zh-HK", "en"]
    names = {language: list(catalogue) for language, catalogue in texts.items()}
    assert names["zh-HK"] == names["zh-CN"]
    assert names["en"] == names["zh-CN"]
    for name in names["en"]:
        said = [catalogue[name] for catalogue in texts.values()]
        assert all(text.strip() or text == "" for text in said), name
        assert len({text == "" for text in said}) == 1, f"{name} is empty in one language only"
        filled = [set(re.findall(r"\{\w+\}", text)) for text in said]
        assert filled[0] == filled[1] == filled[2], f"{name} leaves out what the others say"


def test_each_language_is_its_own(texts: dict[str, dict[str, str]]) -> None:
    """A text that was copied and never translated looks complete to everything but a reader."""
    for name, text in texts["en"].items():
        assert not re.search(r"[\u3400-\u9fff]", text), name
    for name, text in texts["zh-HK"].items():
        assert not SIMPLIFIED & set(text), f"{name}: {SIMPLIFIED & set(text)}"
    for name, text in texts["zh-CN"].items():
        assert not TRADITIONAL & set(text), f"{name}: {TRADITIONAL & set(text)}"
