"""Keeps a gate's knowledge fresh: rounds from the mirror, or a folder and a bundle without network."""
