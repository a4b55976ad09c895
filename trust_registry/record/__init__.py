"""The record (日志): what the registry did, in order, for good."""
