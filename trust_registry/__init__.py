"""The ground floor: who may sign. ``metadata`` holds the formats that the registry writes and gates read,
``client`` brings them to a gate, the rest is the registry's own service."""
