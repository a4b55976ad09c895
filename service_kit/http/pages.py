"""Pages: a browser app that was built into the package (hatch_build.py), served by the service whose app it is."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask, Response

from service_kit.http.static import answer

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        # No inline script, no eval, and nothing that is compiled: that the worker which reads symbols does for itself.
        "script-src 'self'",
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
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), screen-wake-lock=(self), geolocation=(), microphone=()",
}

_READER = re.compile(r"^assets/decoder-[\w-]+\.js$")
_READER_POLICY = CONTENT_SECURITY_POLICY.replace(
    "script-src 'self'", "script-src 'self' 'wasm-unsafe-eval' 'unsafe-eval'"
)
"""Of the worker that reads QR symbols, and of it alone: a worker goes by the policy that its own script came with.
Chrome before 97 and Safari before 16 do not know ``wasm-unsafe-eval`` and let WebAssembly run by the other word alone.
The worker sees pixels, and nothing that anybody has written."""


def policy_of(path: str) -> str:
    """The Content Security Policy of the file at ``path`` (below the app's place, without a slash before it)."""
    return _READER_POLICY if _READER.search(path) else CONTENT_SECURITY_POLICY


def add_pages(app: Flask, built: Path, place: str = "/") -> None:
    """Serve the files in ``built`` below ``place`` (begins and ends with a slash), its ``index.html`` at ``place``.

    Where the app was not built there is nothing: 404.
    """

    def page(path: str = "index.html") -> Response:
        response = answer(built, path)
        response.headers.update(_HEADERS)
        response.headers["Content-Security-Policy"] = policy_of(path)
        return response

    endpoint = f"pages {place}"
    app.add_url_rule(place, endpoint, page)
    app.add_url_rule(f"{place}<path:path>", endpoint, page)
