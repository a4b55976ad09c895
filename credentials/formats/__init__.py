"""Text forms of codes, one file each; :mod:`credentials.formats.table` finds the right one by prefix."""
