"""The name of EU cards, and their bounds, each with its unit. Cards in use are of 300 to 1,200 bytes."""

from __future__ import annotations

NAME = "eu-dcc"
"""In lists of foreign keys, and in verdicts."""
MAX_CARD_BYTES = 16_384
"""Of the COSE_Sign1, inflated: 4,096 characters of Base45 may be a bomb of megabytes."""
MAX_HEADER_BYTES = 1024
"""Of the protected header."""
MAX_KID_BYTES = 32
MAX_FIELD_CHARACTERS = 255
"""Of one text of a card; the schema allows 80."""
MAX_ENTRIES = 8
"""Of one kind; the schema allows one."""
MAX_DOSES = 99
