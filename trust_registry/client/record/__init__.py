"""What a gate makes of the public record (公开日志): whether its list stands there, and whether there is one history.

::

    keeper ──► policy (whose cosignatures count here) ──► standing (what people are told)
       │                                                     │
       └────► comparison (two checkpoints: same, fork, or cannot be compared)

Nothing here refuses a person: whoever carries the files could spoil a proof without any key.
"""
