"""Writes anew what is made from ``credentials/profile``: the browser's module, the page of reasons, and
the closed lists of the wire format.

python -m tests.profile
"""

from __future__ import annotations

from tests.profile import grammar, reasons_page, typescript

MADE = {
    typescript.MODULE: typescript.write_module,
    reasons_page.PAGE: reasons_page.write_page,
    grammar.PAGE: grammar.write_page,
}

if __name__ == "__main__":
    for path, write in MADE.items():
        path.write_text(write(), "utf-8")
        print(f"{path.name}: {path.stat().st_size} bytes")
