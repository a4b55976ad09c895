"""Pages that a service draws itself, without a script: the front page of its role, and its interface for programmers.

Texts and links come from the role (``<service>/front.py``), the look from ``service_kit/browser/theme.css``.
"""
