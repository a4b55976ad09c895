"""The name of SMART Health Cards, and their bounds, each with its unit. Cards in use are of 600 to 4,000 characters."""

from __future__ import annotations

NAME = "smart-health-card"
"""In lists of foreign keys, and in verdicts."""
MAX_CARD_CHARACTERS = 16_384
"""Of the compact JWS."""
MAX_CARD_BYTES = 65_536
"""Of its payload, inflated: 12,000 bytes may be a bomb of megabytes."""
MAX_HEADER_CHARACTERS = 1024
KID_BYTES = 32
"""SHA-256 of the key as a JWK (RFC 7638)."""
MAX_PARTS = 16
"""Symbols of one card, each of at most 1,195 characters of the JWS."""
MAX_ENTRIES = 256
"""Of the bundle."""
MAX_CODINGS = 16
"""Of one concept; what is behind them is not looked at."""
MAX_FIELD_CHARACTERS = 255
"""Of one text of a card."""
MAX_FILE_BYTES = 262_144
"""Of a ``.smart-health-card`` file."""
MAX_CARDS_OF_A_FILE = 64
