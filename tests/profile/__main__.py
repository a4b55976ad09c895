"""Writes anew what is made from ``credentials/profile``: the catalogues' module, the browser's modules, the page of
reasons, the reasons of each step, and the closed lists of the wire format.

python -m tests.profile
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.profile import catalogues


def made() -> Mapping[Path, Callable[[], str]]:
    """What is written, and what writes it."""
    # All but the first read the catalogues' module: it is there, and of the same languages, once it has been written.
    from tests.profile import codes, grammar, known_texts, reasons_page, recipe_table, typescript

    return {
        catalogues.MODULE: catalogues.write_python,
        typescript.MODULE: typescript.write_module,
        codes.MODULE: codes.write_module,
        known_texts.MODULE: known_texts.write_module,
        reasons_page.PAGE: reasons_page.write_page,
        grammar.PAGE: grammar.write_page,
        recipe_table.PAGE: recipe_table.write_page,
        catalogues.SUPPORT: catalogues.write_support,
        **{path: partial(catalogues.write_app, app) for app, path in catalogues.APPS.items()},
        **{catalogues.page_of(app): partial(catalogues.write_page, app) for app in catalogues.APPS},
        **{catalogues.manifest_of(app): partial(catalogues.write_manifest, app) for app in catalogues.INSTALLED},
    }


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    _write(catalogues.MODULE, catalogues.write_python())
    for path, write in made().items():
        _write(path, write())
