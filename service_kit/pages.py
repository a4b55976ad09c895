"""Pages: a browser app that was built into the package (hatch_build.py), served by the service whose app it is."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask, Response

from service_kit.static import answer

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        # WebAssembly for the decoder of QR symbols; no inline script, no eval.
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
"""Whatever is put into a page by a hole in it can load nothing from elsewhere, and send nothing there."""
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), screen-wake-lock=(self), geolocation=(), microphone=()",
}

_READER = re.compile(r"^assets/decoder-[\w-]+\.js$")
_READER_POLICY = CONTENT_SECURITY_POLICY.replace("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-eval'")
"""Of the worker that reads QR symbols, and of it alone: Chrome before 97 and Safari before 16 know no other word that
lets WebAssembly run. It sees pixels, and nothing that anybody has written."""


def add_pages(app: Flask, built: Path, place: str = "/") -> None:
    """Serve the files in ``built`` below ``place`` (begins and ends with a slash), its ``index.html`` at ``place``.

    Where the app was not built there is nothing: 404.
    """

    def page(path: str = "index.html") -> Response:
        response = answer(built, path)
        response.headers.update(_HEADERS)
        if _READER.search(path):
            response.headers["Content-Security-Policy"] = _READER_POLICY
        return response

    endpoint = f"pages {place}"
    app.add_url_rule(place, endpoint, page)
    app.add_url_rule(f"{place}<path:path>", endpoint, page)
