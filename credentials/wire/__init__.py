"""Encodings on the wire: Base45 text, CBOR items, COSE and JWS envelopes, bounded inflate."""
