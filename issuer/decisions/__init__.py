"""Decisions (赋码决定): how a status comes about, and the causes for which codes are withdrawn. Pure."""
