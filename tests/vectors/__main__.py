"""Writes the vectors anew: the same bytes each time.

python -m tests.vectors
"""

from __future__ import annotations

from tests.vectors.native import write_vectors
from tests.vectors.reading import NATIVE

if __name__ == "__main__":
    NATIVE.write_text(write_vectors(), "utf-8")
    print(f"{NATIVE.name}: {NATIVE.stat().st_size} bytes")
