"""What may vanish, kept in the process or on Redis."""
