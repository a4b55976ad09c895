"""The shell that every service shares: settings, clock, database, cache, fetching, HTTP edge, logs and metrics.

Of ``credentials`` it knows the errors, and the reader of JSON.
"""
