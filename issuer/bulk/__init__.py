"""Bulk issue: a file of residents in, a file of codes out."""
