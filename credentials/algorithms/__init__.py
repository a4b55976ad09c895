"""Signature algorithms, one module each; nobody outside this room names one, but asks ``table``."""
