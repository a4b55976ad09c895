"""Writes the vectors anew, and the page of reasons: the same bytes each time.

python -m tests.vectors
"""

from __future__ import annotations

from tests.vectors.native import write_vectors
from tests.vectors.reading import NATIVE
from tests.vectors.reasons_page import PAGE, write_page

if __name__ == "__main__":
    NATIVE.write_text(write_vectors(), "utf-8")
    PAGE.write_text(write_page(), "utf-8")
    print(f"{NATIVE.name}: {NATIVE.stat().st_size} bytes; {PAGE.name}: {PAGE.stat().st_size} bytes")
