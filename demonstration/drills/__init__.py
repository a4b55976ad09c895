"""Drills (演练) of the public record: on running servers somebody lies, and whoever looks finds it out."""
