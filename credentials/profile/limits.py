"""Every bound of the formats, with its unit. A change here is a change of the wire format.

Source of the size budgets: ISO/IEC 18004, capacity in alphanumeric mode (11-M 366, 12-M 419, 13-M 483, 14-M 528).
"""

from __future__ import annotations

# Text and bytes. A text is cut off before anything else looks at it.
MAX_CREDENTIAL_TEXT_CHARACTERS = 419
MAX_PAPER_TEXT_CHARACTERS = 366
MAX_PRESENTATION_TEXT_CHARACTERS = 528
MAX_TEXT_CHARACTERS = 4096
"""Longest text that is looked at at all; what people paste may carry spaces and line ends."""
MAX_CARD_TEXT_CHARACTERS = 33_280
"""The same for a foreign card that several symbols make together, two digits a character of 16,384."""
MAX_CHALLENGE_TEXT_CHARACTERS = 71
MAX_CREDENTIAL_BYTES = 300
MAX_PRESENTATION_BYTES = 400
MAX_CBOR_DEPTH = 8
"""Nesting levels of a CBOR item."""

# Challenges.
MAX_GATE_NAME_BYTES = 24
NONCE_BYTES = 16

# Claims.
MAX_HOLDER_NAME_BYTES = 24
DOCUMENT_TAIL_CHARACTERS = 4
CTI_BYTES = 8
KID_BYTES = 8
DECISION_REFERENCE_BYTES = 16
MAX_EVIDENCE = 2
MAX_EVIDENCE_CONVERTED = 1
"""A converted code carries its source instead of a second piece of evidence: the symbol's budget."""
EVIDENCE_TIME_STEP_SECONDS = 600
MAX_EVALUATED_BEFORE_SECONDS = 65_535
MAX_RULE_SET = 23
MAX_RULE_SET_VERSION = 65_535
MAX_STATUS_LIST = 65_535
STATUS_LIST_SIZE = 2**20
"""Indices of one status list."""
MIN_TIME_SECONDS = 1_577_836_800
"""2020-01-01T00:00:00Z: no credential of this kind is older."""
MAX_TIME_SECONDS = 2**32 - 1

# Time.
MAX_ISSUED_AHEAD_SECONDS = 60
"""How far a code's iat may be ahead of a gate's clock. Nothing is allowed on exp."""
MAX_KEY_EARLY_SECONDS = 60
"""How long before its not-before a key may sign: its member's clock may be slow."""
MAX_STATUS_AHEAD_SECONDS = 60
"""How far the as-of of a member's status may be ahead of the mirror, or of a gate that takes a segment."""
MAX_LIST_DELAY_SECONDS = 60
"""A code issued less than this before the as-of of its member's status may stand in a list that is not in it."""
MAX_GATE_BEHIND_SECONDS = 60
"""How far a gate's clock may be behind the registry's signed time without a word."""
MAX_LIFETIME_PHONE_SECONDS = 24 * 3600
MAX_LIFETIME_PAPER_SECONDS = 7 * 24 * 3600
MAX_LIFETIME_WITHOUT_STATUS_SECONDS = 3600
MAX_PRESENTATION_AGE_SECONDS = 90
MAX_PRESENTATION_AHEAD_SECONDS = 30

# Keys.
COORDINATE_BYTES = 32
SIGNATURE_BYTES = 64
COMPRESSED_POINT_BYTES = 33
MAX_PEM_BYTES = 16_384

# Signed JSON objects (statements, rule sets).
MAX_JWS_CHARACTERS = 1_500_000
MAX_JSON_DEPTH = 64
MAX_JSON_INTEGER = 2**53 - 1
"""The largest that every reader of JSON has, and a browser counts with (RFC 8259 section 6)."""

# Signed status snapshots.
MAX_SIGNED_BYTES = 16 * 1024 * 1024

# QR symbols and pictures of them.
MAX_SYMBOL_VERSION = 14
"""Largest QR version that we draw (73 modules a side): 14-M holds a live code, 14-Q the longest paper code."""
QUIET_ZONE_MODULES = 4
MAX_SYMBOL_SCALE_PIXELS = 40
"""Pixels of a PNG per module."""
MAX_PICTURE_BYTES = 12 * 1024 * 1024
MAX_PICTURE_PIXELS = 25_000_000
"""Width times height, judged from the header before anything is decompressed."""

# Identity documents and names.
MAX_DOCUMENT_CHARACTERS = 40
"""A document number as typed, separators and spaces included."""
MAX_NAME_CHARACTERS = 128
"""A name as it stands in the civil register, in code points."""
MIN_BIRTH_YEAR = 1800

# Status lists.
MAX_STATUS_LISTS = 1024
"""Current lists of one member: eight days of paper codes at 130 million a day."""
MAX_STATUS_WITHDRAWN = 2**23
"""Indices set in one snapshot: a rule that recolours eight million people, 32 MiB of memory at a gate."""
MAX_STATUS_LIST_BYTES = STATUS_LIST_SIZE // 8
"""Of one list, gap-coded or not: its plain bit array, which the smallest gap coding never exceeds."""
MAX_RICE_PARAMETER = 19
"""Bits of a gap that are written plainly: one less than those of an index."""
MAX_STATUS_SEQUENCE = 2**53 - 1
"""What a browser still counts exactly."""
MAX_SEGMENT_BYTES = 1024 * 1024
"""Of one signed status segment."""
MAX_SEGMENT_CHANGES = 2**18
"""Indices set by one segment; what is more goes into the next."""
STATUS_HASH_BYTES = 32
"""SHA-256 of a segment's payload, which the next one names."""
MAX_STATUS_TOKEN_CHARACTERS = 262_144
"""A Token Status List JWT whose list does not compress at all."""
MAX_STATUS_SUBJECT_CHARACTERS = 2048
"""A Token Status List's URI."""
MIN_INDEX_KEY_BYTES = 16
