"""The record (省级日志): what the province decided, in order, for good; made public, and proved to whom it concerns."""
