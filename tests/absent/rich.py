"""Stands before the real one in what tests start: schemathesis brings it, and a machine with the product has none.

structlog loads it where it is, for tracebacks in colour that no line of ours has: an eighth of a command's time.
"""

from __future__ import annotations

raise ImportError("rich is no package of the product")
