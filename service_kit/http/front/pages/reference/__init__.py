"""The page for programmers, at ``/docs``."""
