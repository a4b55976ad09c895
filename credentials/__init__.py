"""The ground of the house: what a health-status credential is and how one is read, made and judged.

Pure: nothing here reads a clock, the environment, a file or the network. Time is an argument,
as integer seconds since 1970-01-01T00:00:00Z. Nothing here imports another room of the house.
"""
