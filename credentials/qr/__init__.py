"""QR symbols: a code's text drawn (:mod:`.symbol`), and a picture's symbols read (:mod:`.picture`).

Bytes and text in, bytes and text out. Nothing here knows what a text means.
"""

from __future__ import annotations

from credentials.qr.picture import read_texts
from credentials.qr.symbol import draw_png, draw_svg, draw_terminal, version_of

__all__ = ["draw_png", "draw_svg", "draw_terminal", "read_texts", "version_of"]
