"""Writes the vectors anew: the same bytes each time.

python -m tests.vectors
"""

from __future__ import annotations

from tests.vectors.native import write_vectors
from tests.vectors.reading import NATIVE, RECORD
from tests.vectors.record import write_record_vectors

if __name__ == "__main__":
    for path, text in ((NATIVE, write_vectors()), (RECORD, write_record_vectors())):
        path.write_text(text, "utf-8")
        print(f"{path.name}: {path.stat().st_size} bytes")
