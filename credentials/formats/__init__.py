"""Texts that a gate can be shown, a folder for each format, with the same few names in it.

:mod:`credentials.formats.table` finds the right one by prefix.
"""
