"""Who the holder is, as far as a credential may say: the document's tail and the masked name.

The whole number and the whole name stay with the issuer; only ``Document.tail`` and ``mask_name`` go into
a code.
"""

from __future__ import annotations

from credentials.identity.document import KINDS, Document, parse_document
from credentials.identity.name import mask_name, same_masked_name

__all__ = ["KINDS", "Document", "mask_name", "parse_document", "same_masked_name"]
